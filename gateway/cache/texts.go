package cache

import (
	"context"
	"time"
)

// Texts keeps texts by name in Redis, for all gateways that share it. Without
// Redis it keeps nothing: who asks has a memory of their own. Like all of the
// cache it costs a request little and fails none.
type Texts struct {
	cache *Cache
	kind  string
	ttl   time.Duration
}

// Texts returns the texts of a kind, which are kept for ttl.
func (c *Cache) Texts(kind string, ttl time.Duration) *Texts { return &Texts{c, kind, ttl} }

// Get gives the text of a name, where there is one and Redis answers in time.
func (t *Texts) Get(ctx context.Context, name string) (text string, found bool) {
	key := t.kind + ":" + name
	e, found := t.cache.lookShared(ctx, []string{key})[key]
	if !found || e.Absent {
		return "", false
	}
	return string(e.Body), true
}

// Set has a text written soon. Nobody waits for it.
func (t *Texts) Set(_ context.Context, name, text string) {
	if t.cache.shared == nil {
		return
	}
	now := time.Now()
	entry := &Entry{Answered: now, Keep: t.ttl, Body: []byte(text)}
	select {
	case t.cache.writes <- pending{now, write{t.kind + ":" + name: entry}}:
	default:
		t.cache.metrics.dropped.Inc()
	}
}
