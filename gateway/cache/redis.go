package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"tributary/gateway/tracing"
)

// How much latency Redis may add. A call that takes longer than redisBudget is abandoned
// and opens the breaker, and so do redisSlowAnswers consecutive responses slower than
// redisSlow. So a request, however many loads it makes one after the other, waits 100 ms
// at most. No request waits for a probe or a dial.
const (
	redisBudget      = 50 * time.Millisecond
	redisSlow        = 25 * time.Millisecond
	redisSlowAnswers = 2
	redisPause       = 500 * time.Millisecond
	redisProbeBudget = 250 * time.Millisecond
	redisDialTimeout = time.Second
)

// keyPrefix is the prefix of all keys in a shared store. Its number changes when the
// format of entries does in an incompatible way.
const keyPrefix = "tributary:1:"

// Redis is the store that gateways share: a single server, a cluster, or a primary
// found through sentinels. See [NewRedis].
type Redis struct {
	client   redis.UniversalClient
	breaker  *breaker
	refusing atomic.Bool // it works, but rejects writes
	holder   string      // this gateway's name on leases
	log      *slog.Logger
}

// NewRedis returns a store in the Redis that rawURL names; see
// [ParseRedisURL]. It does not connect yet.
func NewRedis(rawURL string, log *slog.Logger) (*Redis, error) {
	opts, err := ParseRedisURL(rawURL)
	if err != nil {
		return nil, err
	}
	// The client logs plain text to stderr, between our JSON, and can only be silenced
	// globally. Its errors contain the same information.
	logging.Disable()
	s := &Redis{client: redis.NewUniversalClient(opts), holder: newHolder(), log: log}
	s.breaker = newBreaker(s.Ping, log)
	return s, nil
}

// Get returns the usable entries of keys. If it returns an error as well, entries may be
// missing. It ignores values that are not valid entries.
func (s *Redis) Get(ctx context.Context, keys []string) (map[string]*Entry, error) {
	values := make([]*redis.StringCmd, len(keys))
	lefts := make([]*redis.DurationCmd, len(keys))
	err := s.call(ctx, "get", func(ctx context.Context, pipe redis.Pipeliner) {
		for i, key := range keys {
			// PTTL comes first: if the entry is replaced between the two, the new
			// one appears older than it is, not younger.
			lefts[i], values[i] = pipe.PTTL(ctx, keyPrefix+key), pipe.Get(ctx, keyPrefix+key)
		}
	})
	var found map[string]*Entry
	now := time.Now()
	for i, key := range keys {
		if values[i] == nil || values[i].Err() != nil || lefts[i].Err() != nil {
			continue
		}
		wire, _ := values[i].Bytes() // its error is part of err
		if entry, err := unmarshal(key, wire, lefts[i].Val(), now); err == nil && entry.Usable(now) {
			if found == nil {
				found = make(map[string]*Entry, len(keys))
			}
			found[key] = entry
		}
	}
	return found, err
}

// Set stores entries, except expired ones.
func (s *Redis) Set(ctx context.Context, entries map[string]*Entry) error {
	err := s.call(ctx, "set", func(ctx context.Context, pipe redis.Pipeliner) {
		now := time.Now()
		for key, e := range entries {
			if wire, left := e.marshal(key, now); left > 0 {
				pipe.Set(ctx, keyPrefix+key, wire, left)
				noteVariant(ctx, pipe, key, left)
			}
		}
	})
	s.noteRefusal(ctx, err)
	return err
}

// Delete removes the entries of keys.
func (s *Redis) Delete(ctx context.Context, keys []string) error {
	return s.call(ctx, "delete", func(ctx context.Context, pipe redis.Pipeliner) {
		for _, key := range keys {
			pipe.Del(ctx, keyPrefix+key)
		}
	})
}

// Ping returns an error if the server does not answer. It bypasses the circuit breaker.
func (s *Redis) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisProbeBudget)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("cache: redis: %w", err)
	}
	return nil
}

// Close closes the connections.
func (s *Redis) Close() error {
	s.breaker.close()
	return s.client.Close()
}

// call sends the commands that fill adds in one round trip, within redisBudget. It fails
// with errRedisDown while the breaker is open.
func (s *Redis) call(ctx context.Context, op string, fill func(context.Context, redis.Pipeliner)) error {
	ctx, span := tracing.StartClient(ctx, tracing.Redis, "redis", op)
	defer span.End()
	if s.breaker.open.Load() {
		span.Fail("unavailable")
		return errRedisDown
	}
	budget, cancel := context.WithTimeout(ctx, redisBudget)
	defer cancel()
	pipe := s.client.Pipeline()
	fill(budget, pipe)
	start := time.Now()
	cmds, err := pipe.Exec(budget)
	if err != nil {
		err = worst(cmds, err)
	}
	traceCommands(span, len(cmds), err)
	switch {
	case err == nil, isRefusal(err):
		s.breaker.answered(time.Since(start))
	case ctx.Err() == nil: // not a failure of Redis if the caller's context ended
		s.breaker.failed(err)
	}
	return err
}

// noteRefusal logs when Redis starts and stops to reject writes.
func (s *Redis) noteRefusal(ctx context.Context, err error) {
	switch refused := isRefusal(err); {
	case refused && s.refusing.CompareAndSwap(false, true):
		s.log.WarnContext(ctx, "redis takes no entries", "error", err.Error())
	case err == nil && s.refusing.CompareAndSwap(true, false):
		s.log.InfoContext(ctx, "redis takes entries again")
	}
}

// worst returns the most serious error of a pipeline, whose own error is only the first:
// a failure of Redis before a rejected write. A missing key, or one of another type, is
// no error.
func worst(cmds []redis.Cmder, err error) error {
	if len(cmds) == 0 {
		return err
	}
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

// isRefusal reports whether err is from a Redis that works but rejects writes, rather
// than from one that is unusable.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]string{"OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "NOPERM "}, func(prefix string) bool {
		return redis.HasErrorPrefix(err, prefix)
	})
}
