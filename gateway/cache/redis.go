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

// What Redis may cost. A call that takes longer than redisBudget is given up
// and opens the breaker, and so do redisSlowAnswers answers in a row that take
// longer than redisSlow: a request, whatever it loads one after the other,
// waits 100 ms at most. Nobody waits for a probe or a dial.
const (
	redisBudget      = 50 * time.Millisecond
	redisSlow        = 25 * time.Millisecond
	redisSlowAnswers = 2
	redisPause       = 500 * time.Millisecond
	redisProbeBudget = 250 * time.Millisecond
	redisDialTimeout = time.Second
)

// keyPrefix stands before every key in a shared store. Its number changes when
// entries of one version would be misread by another.
const keyPrefix = "tributary:1:"

// Redis is the store that gateways share: a single server, a cluster, or a primary
// found through sentinels. See [NewRedis].
type Redis struct {
	client   redis.UniversalClient
	breaker  *breaker
	refusing atomic.Bool // it answers, but takes no writes
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
	// The client writes lines of its own to stderr, among the log's JSON, and
	// has but this one switch for it. What they tell is in the errors as well.
	logging.Disable()
	s := &Redis{client: redis.NewUniversalClient(opts), holder: newHolder(), log: log}
	s.breaker = newBreaker(s.Ping, log)
	return s, nil
}

// Get implements [Store]. It ignores values that are not valid entries.
func (s *Redis) Get(ctx context.Context, keys []string) (map[string]*Entry, error) {
	values := make([]*redis.StringCmd, len(keys))
	lefts := make([]*redis.DurationCmd, len(keys))
	err := s.call(ctx, "get", func(ctx context.Context, pipe redis.Pipeliner) {
		for i, key := range keys {
			// The time left is asked first: should the entry be replaced in
			// between, the new one counts as older than it is, not younger.
			lefts[i], values[i] = pipe.PTTL(ctx, keyPrefix+key), pipe.Get(ctx, keyPrefix+key)
		}
	})
	var found map[string]*Entry
	now := time.Now()
	for i, key := range keys {
		if values[i] == nil || values[i].Err() != nil || lefts[i].Err() != nil {
			continue
		}
		wire, _ := values[i].Bytes() // its error was looked at
		if entry, err := unmarshal(key, wire, lefts[i].Val(), now); err == nil && entry.Usable(now) {
			if found == nil {
				found = make(map[string]*Entry, len(keys))
			}
			found[key] = entry
		}
	}
	return found, err
}

// Set implements [Store].
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

// Delete implements [Store].
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

// call sends the commands that fill adds, in one round trip and within the
// budget, unless Redis failed just now.
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
	case ctx.Err() == nil: // if the caller left, that says nothing about Redis
		s.breaker.failed(err)
	}
	return err
}

// noteRefusal logs when Redis begins and ceases to refuse writes.
func (s *Redis) noteRefusal(ctx context.Context, err error) {
	switch refused := isRefusal(err); {
	case refused && s.refusing.CompareAndSwap(false, true):
		s.log.WarnContext(ctx, "redis takes no entries", "error", err.Error())
	case err == nil && s.refusing.CompareAndSwap(true, false):
		s.log.InfoContext(ctx, "redis takes entries again")
	}
}

// worst finds what is wrong with Redis in the outcome of a pipeline, whose own
// error is only the first: that it could not be asked, or what it refuses. That
// a key is not there, or that something else is, is no error.
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

// isRefusal tells a Redis that works, but takes no writes, from one that is of
// no use just now.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]string{"OOM ", "READONLY ", "MISCONF ", "NOREPLICAS ", "NOPERM "}, func(prefix string) bool {
		return redis.HasErrorPrefix(err, prefix)
	})
}
