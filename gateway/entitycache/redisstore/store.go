package redisstore

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

// How much latency Redis may add. A round trip that takes longer than roundTripBudget is
// abandoned and opens the breaker, and so do maxSlowAnswers consecutive responses slower
// than slowAfter. So a request, however many loads it makes one after the other, waits 100 ms
// at most. No request waits for a probe. The times of round trips include those for which
// this process is too busy to send and receive: whether Redis is to blame, a probe tells.
const (
	roundTripBudget  = 50 * time.Millisecond
	slowAfter        = 25 * time.Millisecond
	maxSlowAnswers   = 2
	probeTries       = 3
	failuresToReport = 2
	probeInterval    = 500 * time.Millisecond
	probeBudget      = 250 * time.Millisecond
	dialTimeout      = time.Second
)

// Connections that are used for purges and probes live for controlLifetime, so that the
// gateway follows a name whose address changes although the old server still answers;
// those for entries live for a minute.
const (
	controlConnections = 4
	controlLifetime    = 2 * time.Second
	dataLifetime       = time.Minute
)

// keyPrefix is the prefix of all keys in Redis. Its number changes when the
// format of entries does in an incompatible way.
const keyPrefix = "tributary:2:"

// Store is the store that gateways share: a single server, a cluster, or a primary
// found through sentinels. See [New].
type Store struct {
	client     redis.UniversalClient // for entries and leases
	control    redis.UniversalClient // for purges and probes; its connections are young, so that it follows a name
	lanes      lanes
	breaker    *breaker
	readOnly   atomic.Bool // it works, but rejects writes
	instanceID string      // this gateway's name on leases
	log        *slog.Logger

	table      table
	position   position
	syncing    sync.Mutex // serializes synchronizations
	unrecorded unrecordedPurges
	servers    servers
	onPurge    func(slots []uint32)

	roundTrips      atomic.Int64 // number of round trips for requests
	listening       atomic.Bool  // it is subscribed to purges
	lastDelivered   atomic.Int64 // the number of the last purge that the subscription delivered
	subscribeDenied atomic.Bool  // a warning says that there is no subscription
	publishDenied   atomic.Bool  // a warning says that purges cannot be published

	unknown    unknownAsk
	unverified allowance
}

// Deps are what a [Store] depends on.
type Deps struct {
	// Log tells when Redis fails and is back.
	Log *slog.Logger
	// OnPurge is called with the generation slots that other gateways purge; it may be called
	// before New returns.
	OnPurge func(slots []uint32)
}

// New returns a store in the Redis that rawURL names; see [ParseURL]. It connects in the
// background. Its owner must close it.
func New(rawURL string, deps Deps) (*Store, error) {
	opts, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	// The client logs plain text to stderr, between our JSON, and can only be silenced
	// globally. Its errors contain the same information.
	logging.Disable()
	s := &Store{client: redis.NewUniversalClient(opts), instanceID: newInstanceID(), log: deps.Log, onPurge: deps.OnPurge}
	control := *opts
	control.PoolSize, control.MinIdleConns, control.PoolTimeout = controlConnections, 0, probeBudget
	control.ConnMaxLifetime, control.ConnMaxLifetimeJitter = controlLifetime, 0
	control.OnConnect = s.connected
	s.control = redis.NewUniversalClient(&control)
	s.lanes.exec, s.lanes.pipeline = s.exec, s.client.Pipeline
	s.breaker = newBreaker(s.probe, s.dropAll, deps.Log)
	return s, nil
}

// Get returns the usable entries of keys. If it returns an error as well, entries may be
// missing. It ignores values that are not valid entries, or were purged.
func (s *Store) Get(ctx context.Context, keys []string) (map[string]Record, error) {
	values := make([]*redis.StringCmd, len(keys))
	lefts := make([]*redis.DurationCmd, len(keys))
	err := s.pipeline(ctx, "get", func(pipe redis.Pipeliner) {
		for i, key := range keys {
			// PTTL comes first: if the entry is replaced between the two, the new
			// one appears older than it is, not younger.
			lefts[i], values[i] = pipe.PTTL(ctx, keyPrefix+key), pipe.Get(ctx, keyPrefix+key)
		}
	})
	if errors.Is(err, errNotAwaited) {
		return nil, err
	}
	var found map[string]Record
	now := time.Now()
	for i, key := range keys {
		if values[i] == nil || values[i].Err() != nil || lefts[i].Err() != nil {
			continue
		}
		wire, _ := values[i].Bytes() // its error is part of err
		entry, bad := unmarshal(key, wire, lefts[i].Val(), now)
		if bad == nil && entry.Usable(now) && entry.Stamp == s.table.of(key) {
			if found == nil {
				found = make(map[string]Record, len(keys))
			}
			found[key] = entry
		}
	}
	return found, err
}

// Set stores entries, except those that have expired or were purged since their load
// started.
func (s *Store) Set(ctx context.Context, entries map[string]*Record) error {
	err := s.pipeline(ctx, "set", func(pipe redis.Pipeliner) {
		now := time.Now()
		for key, e := range entries {
			if e.Stamp == (Stamp{}) || e.Stamp != s.table.of(key) {
				continue
			}
			if wire, left := e.marshal(key, now); left > 0 {
				pipe.Set(ctx, keyPrefix+key, wire, left)
			}
		}
	})
	s.logWriteRejection(ctx, err)
	return err
}

// Delete removes the entries of keys.
func (s *Store) Delete(ctx context.Context, keys []string) error {
	return s.pipeline(ctx, "delete", func(pipe redis.Pipeliner) {
		for _, key := range keys {
			pipe.Del(ctx, keyPrefix+key)
		}
	})
}

// StampOf returns the current stamp of a name, the zero one if that is not known. Loads note
// it when they start.
func (s *Store) StampOf(name string) Stamp { return s.table.of(name) }

// AwaitFirstProbe waits for the first probe of Redis, until [roundTripBudget] of the life of the
// process has passed.
func (s *Store) AwaitFirstProbe(ctx context.Context) { s.breaker.awaitFirst(ctx) }

// Ping returns an error if the server does not answer. It bypasses the circuit breaker.
// It reads a key, as a user of Redis may not be permitted to PING.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeBudget)
	defer cancel()
	if _, err := s.readHeader(ctx); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// probe returns an error if Redis cannot be used, or is slow each time it is asked: once,
// and it may be this process that is slow. Before Redis is used, the gateway knows which
// entries were purged.
func (s *Store) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeBudget)
	defer cancel()
	if err := s.synchronize(ctx); err != nil {
		return err
	}
	for range probeTries {
		start := time.Now()
		pipe := s.control.Pipeline() // of the commands of a lookup
		pipe.PTTL(ctx, tableKey)
		pipe.GetRange(ctx, tableKey, 0, tableHeader-1)
		cmds, _ := pipe.Exec(ctx)
		if err := mostSevereError(cmds); err != nil && !isRejection(err) {
			return err
		}
		if time.Since(start) < slowAfter {
			return nil
		}
	}
	return errors.New("it responds slowly")
}

// Close closes the connections.
func (s *Store) Close() error {
	s.breaker.close()
	s.lanes.wait()
	return errors.Join(s.client.Close(), s.control.Close())
}

// errNotAwaited means that a caller stopped waiting before its commands had an answer,
// which must not be read.
var errNotAwaited = errors.New("gave up waiting for redis")

// pipeline sends the commands that fill adds together with those of other callers. It returns
// within twice roundTripBudget: one for the commands that are on their way, and one for its own.
// It fails with ErrUnavailable while the breaker is open.
func (s *Store) pipeline(ctx context.Context, op string, fill func(redis.Pipeliner)) error {
	ctx, span := tracing.StartClient(ctx, tracing.Redis, "redis", op)
	defer span.End()
	if s.breaker.open.Load() {
		span.SetError("unavailable")
		return ErrUnavailable
	}
	pipe := s.client.Pipeline()
	fill(pipe)
	cmds := pipe.Cmds()
	if len(cmds) == 0 {
		return nil
	}
	err := s.lanes.run(ctx, cmds, pipe)
	if err == nil {
		err = mostSevereError(cmds)
	}
	traceCommands(span, len(cmds), err)
	return err
}

// exec sends commands in one round trip and judges Redis by it.
func (s *Store) exec(pipe redis.Pipeliner) {
	if s.breaker.open.Load() { // since the callers queued
		for _, cmd := range pipe.Cmds() {
			cmd.SetErr(ErrUnavailable)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), roundTripBudget)
	defer cancel()
	s.roundTrips.Add(1)
	start := time.Now()
	cmds, _ := pipe.Exec(ctx)
	switch err := mostSevereError(cmds); {
	case err == nil, isRejection(err):
		s.breaker.recordSuccess(time.Since(start))
	case errors.Is(err, redis.ErrPoolTimeout): // connections are busy here
	default:
		s.breaker.recordFailure()
	}
}

// logWriteRejection logs when Redis starts and stops to reject writes.
func (s *Store) logWriteRejection(ctx context.Context, err error) {
	switch refused := isRejection(err); {
	case refused && s.readOnly.CompareAndSwap(false, true):
		s.log.WarnContext(ctx, "redis rejects writes", "error", err.Error())
	case err == nil && s.readOnly.CompareAndSwap(true, false):
		s.log.InfoContext(ctx, "redis accepts writes again")
	}
}

// mostSevereError returns the most serious error of commands: a failure of Redis before a rejected
// write. A missing key, or one of another type, is no error.
func mostSevereError(cmds []redis.Cmder) error {
	var found error
	for _, cmd := range cmds {
		err := cmd.Err()
		if err == nil || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE") {
			continue
		}
		if found == nil || isRejection(found) {
			found = err
		}
	}
	return found
}

// isRejection reports whether err is from a Redis that works but rejects a command, rather
// than from one that is unusable.
func isRejection(err error) bool {
	return slices.ContainsFunc([]string{"OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "NOPERM ", "unknown command"}, func(prefix string) bool {
		return redis.HasErrorPrefix(err, prefix)
	})
}

// traceCommands sets the attributes of a span for a round trip to Redis.
func traceCommands(span tracing.Span, commands int, err error) {
	if !span.IsRecording() {
		return
	}
	span.String(tracing.Database, "redis")
	span.Int(tracing.Keys, commands)
	if err != nil {
		span.SetError("failed")
	}
}
