package cache

import (
	"context"
	"sync"
)

// A Session lets a client read its own writes, whichever gateway it asks: a write returns a
// text that stands for its purge, and loads for a request that brings this text return
// nothing older. It is safe for concurrent use; nil is that of a request that brings nothing.
type Session struct {
	brought string // what the client brings; "" if nothing
	judged  sync.Once
	past    bool // loads must not use what is cached

	mu    sync.Mutex
	wrote mark
}

type sessionKey struct{}

// WithSession returns a context for requests that bring seen, the value of [Session.Seen] of
// an earlier one, or "".
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
	if s.wrote.kind == markNone {
		return ""
	}
	return s.wrote.String()
}

// note records a purge. It includes those that the client brings.
func (s *Session) note(m mark) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrote.kind == markNone {
		s.wrote, _ = readMark(s.brought, m.incarnation)
	}
	s.wrote = s.wrote.with(m)
}

// readsPast reports whether a load for ctx must not use what is cached, because the client
// has seen a purge that may not have reached this gateway. The first load of a session waits
// until it has, [lagWait] at most.
func (c *Cache) readsPast(ctx context.Context) bool {
	s := SessionOf(ctx)
	if s == nil || s.brought == "" {
		return false
	}
	s.judged.Do(func() {
		how := seenIgnored
		if c.shared != nil {
			how = c.shared.follow(ctx, s.brought, c.cfg.longestTTL())
		}
		c.metrics.seen.WithLabelValues(how).Inc()
		s.past = how == seenPast
	})
	return s.past
}
