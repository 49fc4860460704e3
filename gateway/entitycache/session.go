package entitycache

import (
	"context"
	"strings"
	"sync"
	"time"

	"tributary/gateway/entitycache/redisstore"
)

// Bounds of a session.
const (
	// sessionWait is how long the requests of a session wait for Redis because of
	// purges, all together: those that the client brings, and those that it causes.
	sessionWait = 100 * time.Millisecond
	// broughtAtMost is how many values a client may bring at once; more are ignored.
	broughtAtMost = 8
)

// A Session lets a client read its own writes, whichever gateway it asks: a write returns a
// text that stands for its purge, and loads for a request that brings this text return
// nothing older. It is safe for concurrent use; nil is that of a request that brings nothing.
type Session struct {
	brought string // what the client brings; "" if nothing
	judged  sync.Once
	past    bool // loads must not use what is cached

	mu     sync.Mutex
	wrote  redisstore.Mark
	waited time.Duration // for Redis
}

type sessionKey struct{}

// WithSession returns a context for requests that bring seen, the value of [Session.Seen] of
// an earlier one, or several with commas between them, or "".
func WithSession(ctx context.Context, seen string) (context.Context, *Session) {
	s := &Session{brought: seen}
	return context.WithValue(ctx, sessionKey{}, s), s
}

// SessionOf returns the session of ctx, or nil.
func SessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// Brought returns what the client brings, or "".
func (s *Session) Brought() string {
	if s == nil {
		return ""
	}
	return s.brought
}

// Seen returns the text for the client, or "" if nothing was purged in the session.
func (s *Session) Seen() string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrote.IsZero() {
		return ""
	}
	return s.wrote.String()
}

// note records a purge. It includes those that the client brings.
func (s *Session) note(m redisstore.Mark) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrote.IsZero() {
		s.wrote = m.Including(s.values())
		return
	}
	s.wrote = s.wrote.Merge(m)
}

// values returns the values that the client brings, as far as they may be marks.
func (s *Session) values() (values []string) {
	for text := range strings.SplitSeq(s.brought, ",") {
		if text = strings.TrimSpace(text); redisstore.MayBeMark(text) && len(values) < broughtAtMost {
			values = append(values, text)
		}
	}
	return values
}

// wait calls do with a context that ends when the session has waited for sessionWait.
func (s *Session) wait(ctx context.Context, do func(context.Context)) {
	left := sessionWait
	if s != nil {
		s.mu.Lock()
		left -= s.waited
		s.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	start := time.Now()
	do(ctx)
	if s != nil {
		s.mu.Lock()
		s.waited += time.Since(start)
		s.mu.Unlock()
	}
}

// markOf returns the mark of a purge that has just been made. recorded says that it is in
// Redis.
func (c *Cache) markOf(recorded bool) redisstore.Mark {
	if c.redis != nil {
		if m, ok := c.redis.Mark(recorded); ok {
			return m
		}
	}
	return redisstore.LocalMark(c.generations.Total())
}

// readsPast reports whether a load for ctx must not use what is cached, because the client
// has seen a purge that may not have reached this gateway. The first load of a session waits
// until it has, for [sessionWait] at most.
func (c *Cache) readsPast(ctx context.Context) bool {
	s := SessionOf(ctx)
	if s == nil || s.brought == "" {
		return false
	}
	s.judged.Do(func() {
		how := redisstore.SeenIgnored
		if c.redis != nil {
			s.wait(ctx, func(ctx context.Context) { how = c.redis.FollowAll(ctx, s.values(), c.cfg.longestTTL()) })
		}
		c.metrics.seen.WithLabelValues(how).Inc()
		s.past = how == redisstore.SeenPast
	})
	return s.past
}
