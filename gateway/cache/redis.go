package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Time budgets of the shared store. No request waits longer than redisBudget
// for it: the first that does makes the others go on without.
const (
	redisBudget = 60 * time.Millisecond
	redisPause  = time.Second
)

// Redis is the store that gateways share: one server, a cluster, or one that
// sentinels name. See [NewRedis].
type Redis struct {
	client redis.UniversalClient
	pause  pause
	log    *slog.Logger
}

// NewRedis returns a store in the Redis that rawURL names: redis:// or
// rediss://, several comma-separated hosts for a cluster, or the sentinels'
// hosts and a query ?master_name=…. It does not connect yet.
func NewRedis(rawURL string, log *slog.Logger) (*Redis, error) {
	opts, err := ParseRedisURL(rawURL)
	if err != nil {
		return nil, err
	}
	return &Redis{client: redis.NewUniversalClient(opts), log: log}, nil
}

// ParseRedisURL reads the address of a Redis. Its errors do not repeat the
// URL, which may hold a password.
func ParseRedisURL(rawURL string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || (scheme != "redis" && scheme != "rediss") {
		return nil, errors.New("a Redis URL begins with redis:// or rediss://")
	}
	// net/url knows no lists of hosts: read the URL with the first one alone.
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	userinfo, hosts := "", authority
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		userinfo, hosts = authority[:i+1], authority[i+1:]
	}
	addrs := strings.Split(hosts, ",")
	u, err := url.Parse(scheme + "://" + userinfo + addrs[0] + path)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	query := u.Query()
	master := query.Get("master_name")
	query.Del("master_name")
	u.RawQuery = query.Encode()
	one, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "redis: "))
	}
	addrs[0] = one.Addr
	for i, addr := range addrs {
		if addr == "" {
			return nil, errors.New("a host is empty")
		}
		if !strings.Contains(addr, ":") {
			addrs[i] = addr + ":6379"
		}
	}
	return &redis.UniversalOptions{
		Addrs: addrs, MasterName: master, DB: one.DB,
		Username: one.Username, Password: one.Password, TLSConfig: one.TLSConfig,
		DialTimeout: redisBudget, ReadTimeout: redisBudget, WriteTimeout: redisBudget, PoolTimeout: redisBudget,
		DialerRetries: 1, MaxRetries: 1, MinRetryBackoff: time.Millisecond, MaxRetryBackoff: 5 * time.Millisecond,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	}, nil
}

// Get implements [Store]. What is no entry of ours is passed over.
func (s *Redis) Get(ctx context.Context, keys []string) (map[string]*Entry, error) {
	var found map[string]*Entry
	err := s.try(ctx, func(ctx context.Context) error {
		values := make([]*redis.StringCmd, len(keys))
		lefts := make([]*redis.DurationCmd, len(keys))
		pipe := s.client.Pipeline()
		for i, key := range keys {
			// The time left is asked first: should the entry be replaced in
			// between, the new one counts as older than it is, not younger.
			lefts[i], values[i] = pipe.PTTL(ctx, keyPrefix+key), pipe.Get(ctx, keyPrefix+key)
		}
		_, err := pipe.Exec(ctx)
		now := time.Now()
		for i, key := range keys {
			wire, e := values[i].Bytes()
			if e != nil || lefts[i].Err() != nil {
				continue
			}
			if entry, e := unmarshal(wire, lefts[i].Val(), now); e == nil {
				if found == nil {
					found = make(map[string]*Entry, len(keys))
				}
				found[key] = entry
			}
		}
		return ignoreReplies(err)
	})
	return found, err
}

// Set implements [Store].
func (s *Redis) Set(ctx context.Context, entries map[string]*Entry) error {
	return s.try(ctx, func(ctx context.Context) error {
		now := time.Now()
		pipe := s.client.Pipeline()
		for key, e := range entries {
			if wire, left := e.marshal(now); left >= time.Millisecond {
				pipe.Set(ctx, keyPrefix+key, wire, left)
			}
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// Delete implements [Store].
func (s *Redis) Delete(ctx context.Context, keys []string) error {
	return s.try(ctx, func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		for _, key := range keys {
			pipe.Del(ctx, keyPrefix+key)
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// Ping asks whether the server answers. It asks also during a pause, and ends
// the pause when it does.
func (s *Redis) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisBudget)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("cache: redis: %w", err)
	}
	return nil
}

// Close closes the connections.
func (s *Redis) Close() error { return s.client.Close() }

// try runs op within the budget, unless Redis failed just now.
func (s *Redis) try(ctx context.Context, op func(context.Context) error) error {
	if !s.pause.allow(time.Now()) {
		return errPaused
	}
	budget, cancel := context.WithTimeout(ctx, redisBudget)
	defer cancel()
	err := op(budget)
	if errors.Is(ctx.Err(), context.Canceled) {
		s.pause.unknown() // the caller left: that says nothing about Redis
		return err
	}
	if changed := s.pause.done(time.Now(), err == nil || isReply(err)); changed {
		if err != nil {
			s.log.WarnContext(ctx, "redis failed: going on without it", "error", err.Error())
		} else {
			s.log.InfoContext(ctx, "redis is used again")
		}
	}
	return err
}

// ignoreReplies drops errors that Redis itself answered for single keys: "no
// such key" and "not a string" are misses.
func ignoreReplies(err error) error {
	if err == nil || isReply(err) {
		return nil
	}
	return err
}

// isReply tells an answer of Redis, though it be a refusal, from no answer.
func isReply(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}
