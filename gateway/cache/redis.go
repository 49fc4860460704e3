package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"tributary/gateway/tracing"
)

// How much latency Redis may add. A round trip that takes longer than redisBudget is
// abandoned and opens the breaker, and so do redisSlowAnswers consecutive responses slower
// than redisSlow. So a request, however many loads it makes one after the other, waits 100 ms
// at most. No request waits for a probe. The times of round trips include those for which
// this process is too busy to send and receive: whether Redis is to blame, a probe tells.
const (
	redisBudget      = 50 * time.Millisecond
	redisSlow        = 25 * time.Millisecond
	redisSlowAnswers = 2
	redisTries       = 3
	redisFailures    = 2
	redisPause       = 500 * time.Millisecond
	redisProbeBudget = 250 * time.Millisecond
	redisDialTimeout = time.Second
)

// Connections that are used for purges and probes live for controlLifetime, so that the
// gateway follows a name whose address changes although the old server still answers;
// those for entries live for a minute.
const (
	controlConnections = 4
	controlLifetime    = 2 * time.Second
	dataLifetime       = time.Minute
)

// keyPrefix is the prefix of all keys in a shared store. Its number changes when the
// format of entries does in an incompatible way.
const keyPrefix = "tributary:2:"

// Redis is the store that gateways share: a single server, a cluster, or a primary
// found through sentinels. See [NewRedis].
type Redis struct {
	client   redis.UniversalClient // for entries and leases
	control  redis.UniversalClient // for purges and probes; its connections are young, so that it follows a name
	lanes    lanes
	breaker  *breaker
	refusing atomic.Bool // it works, but rejects writes
	holder   string      // this gateway's name on leases
	log      *slog.Logger

	table    table
	position position
	syncing  sync.Mutex // serializes synchronizations
	owed     owed
	servers  servers
	purged   func(slots []uint32) // is told which slots others purged

	trips     atomic.Int64 // number of round trips for requests
	listening atomic.Bool  // it is subscribed to purges
	heard     atomic.Int64 // the number of the last purge that the subscription delivered
	unheard   atomic.Bool  // a warning says that there is no subscription
	untold    atomic.Bool  // a warning says that purges cannot be published

	unknown    unknownAsk
	unverified allowance
}

// NewRedis returns a store in the Redis that rawURL names; see
// [ParseRedisURL]. It connects in the background. purged is called with the generation
// slots that other gateways purge; it may be called before NewRedis returns.
func NewRedis(rawURL string, log *slog.Logger, purged func(slots []uint32)) (*Redis, error) {
	opts, err := ParseRedisURL(rawURL)
	if err != nil {
		return nil, err
	}
	// The client logs plain text to stderr, between our JSON, and can only be silenced
	// globally. Its errors contain the same information.
	logging.Disable()
	s := &Redis{client: redis.NewUniversalClient(opts), holder: newHolder(), log: log, purged: purged}
	control := *opts
	control.PoolSize, control.MinIdleConns, control.PoolTimeout = controlConnections, 0, redisProbeBudget
	control.ConnMaxLifetime, control.ConnMaxLifetimeJitter = controlLifetime, 0
	control.OnConnect = s.connected
	s.control = redis.NewUniversalClient(&control)
	s.lanes.exec, s.lanes.pipeline = s.exec, s.client.Pipeline
	s.breaker = newBreaker(s.probe, s.dropAll, log)
	return s, nil
}

// Get returns the usable entries of keys. If it returns an error as well, entries may be
// missing. It ignores values that are not valid entries, or were purged.
func (s *Redis) Get(ctx context.Context, keys []string) (map[string]*Entry, error) {
	values := make([]*redis.StringCmd, len(keys))
	lefts := make([]*redis.DurationCmd, len(keys))
	err := s.call(ctx, "get", func(pipe redis.Pipeliner) {
		for i, key := range keys {
			// PTTL comes first: if the entry is replaced between the two, the new
			// one appears older than it is, not younger.
			lefts[i], values[i] = pipe.PTTL(ctx, keyPrefix+key), pipe.Get(ctx, keyPrefix+key)
		}
	})
	if errors.Is(err, errUnanswered) {
		return nil, err
	}
	var found map[string]*Entry
	now := time.Now()
	for i, key := range keys {
		if values[i] == nil || values[i].Err() != nil || lefts[i].Err() != nil {
			continue
		}
		wire, _ := values[i].Bytes() // its error is part of err
		entry, bad := unmarshal(key, wire, lefts[i].Val(), now)
		if bad == nil && entry.Usable(now) && entry.epoch.shared == s.table.of(key) {
			if found == nil {
				found = make(map[string]*Entry, len(keys))
			}
			found[key] = entry
		}
	}
	return found, err
}

// Set stores entries, except those that have expired or were purged since their load
// started.
func (s *Redis) Set(ctx context.Context, entries map[string]*Entry) error {
	err := s.call(ctx, "set", func(pipe redis.Pipeliner) {
		now := time.Now()
		for key, e := range entries {
			if e.epoch.shared == (stamp{}) || e.epoch.shared != s.table.of(key) {
				continue
			}
			if wire, left := e.marshal(key, now); left > 0 {
				pipe.Set(ctx, keyPrefix+key, wire, left)
			}
		}
	})
	s.noteRefusal(ctx, err)
	return err
}

// Delete removes the entries of keys.
func (s *Redis) Delete(ctx context.Context, keys []string) error {
	return s.call(ctx, "delete", func(pipe redis.Pipeliner) {
		for _, key := range keys {
			pipe.Del(ctx, keyPrefix+key)
		}
	})
}

// Ping returns an error if the server does not answer. It bypasses the circuit breaker.
// It reads a key, as a user of Redis may not be permitted to PING.
func (s *Redis) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisProbeBudget)
	defer cancel()
	if _, err := s.readHeader(ctx); err != nil {
		return fmt.Errorf("cache: redis: %w", err)
	}
	return nil
}

// probe returns an error if Redis cannot be used, or is slow each time it is asked: once,
// and it may be this process that is slow. Before Redis is used, the gateway knows which
// entries were purged.
func (s *Redis) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisProbeBudget)
	defer cancel()
	if err := s.synchronize(ctx); err != nil {
		return err
	}
	for range redisTries {
		start := time.Now()
		pipe := s.control.Pipeline() // of the commands of a lookup
		pipe.PTTL(ctx, tableKey)
		pipe.GetRange(ctx, tableKey, 0, tableHeader-1)
		cmds, _ := pipe.Exec(ctx)
		if err := worst(cmds); err != nil && !isRefusal(err) {
			return err
		}
		if time.Since(start) < redisSlow {
			return nil
		}
	}
	return errors.New("it responds slowly")
}

// Close closes the connections.
func (s *Redis) Close() error {
	s.breaker.close()
	s.lanes.wait()
	return errors.Join(s.client.Close(), s.control.Close())
}

// errUnanswered means that a caller stopped waiting before its commands had an answer,
// which must not be read.
var errUnanswered = errors.New("cache: gave up waiting for redis")

// call sends the commands that fill adds together with those of other callers. It returns
// within twice redisBudget: one for the commands that are on their way, and one for its own.
// It fails with errRedisDown while the breaker is open.
func (s *Redis) call(ctx context.Context, op string, fill func(redis.Pipeliner)) error {
	ctx, span := tracing.StartClient(ctx, tracing.Redis, "redis", op)
	defer span.End()
	if s.breaker.open.Load() {
		span.Fail("unavailable")
		return errRedisDown
	}
	pipe := s.client.Pipeline()
	fill(pipe)
	cmds := pipe.Cmds()
	if len(cmds) == 0 {
		return nil
	}
	err := s.lanes.run(ctx, cmds, pipe)
	if err == nil {
		err = worst(cmds)
	}
	traceCommands(span, len(cmds), err)
	return err
}

// exec sends commands in one round trip and judges Redis by it.
func (s *Redis) exec(pipe redis.Pipeliner) {
	if s.breaker.open.Load() { // since the callers queued
		for _, cmd := range pipe.Cmds() {
			cmd.SetErr(errRedisDown)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisBudget)
	defer cancel()
	s.trips.Add(1)
	start := time.Now()
	cmds, _ := pipe.Exec(ctx)
	switch err := worst(cmds); {
	case err == nil, isRefusal(err):
		s.breaker.answered(time.Since(start))
	case errors.Is(err, redis.ErrPoolTimeout): // connections are busy here
	default:
		s.breaker.failed()
	}
}

// noteRefusal logs when Redis starts and stops to reject writes.
func (s *Redis) noteRefusal(ctx context.Context, err error) {
	switch refused := isRefusal(err); {
	case refused && s.refusing.CompareAndSwap(false, true):
		s.log.WarnContext(ctx, "redis rejects writes", "error", err.Error())
	case err == nil && s.refusing.CompareAndSwap(true, false):
		s.log.InfoContext(ctx, "redis accepts writes again")
	}
}

// worst returns the most serious error of commands: a failure of Redis before a rejected
// write. A missing key, or one of another type, is no error.
func worst(cmds []redis.Cmder) error {
	var found error
	for _, cmd := range cmds {
		err := cmd.Err()
		if err == nil || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE") {
			continue
		}
		if found == nil || isRefusal(found) {
			found = err
		}
	}
	return found
}

// isRefusal reports whether err is from a Redis that works but rejects a command, rather
// than from one that is unusable.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]string{"OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "NOPERM ", "unknown command"}, func(prefix string) bool {
		return redis.HasErrorPrefix(err, prefix)
	})
}
