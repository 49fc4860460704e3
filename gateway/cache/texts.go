package cache

import (
	"context"
	"time"
)

// Texts stores texts by name in Redis, for all gateways that share it. Without Redis it
// stores nothing, so callers need a cache of their own. It fails open, within a small
// time budget.
type Texts struct {
	cache *Cache
	kind  string
	ttl   time.Duration
}

// Texts returns the texts of a kind, which live for ttl.
func (c *Cache) Texts(kind string, ttl time.Duration) *Texts { return &Texts{c, kind, ttl} }

// Get returns the text of a name, if there is one and Redis answers in time.
func (t *Texts) Get(ctx context.Context, name string) (text string, found bool) {
	key := t.kind + ":" + name
	e, found := t.cache.lookShared(ctx, []string{key})[key]
	if !found || e.Absent {
		return "", false
	}
	return string(e.Body), true
}

// textsPending is how many writes may wait for the shared store so that a text may wait as
// well. Texts are long, and those who sent one can send it again.
const textsPending = 64

// Set writes a text in the background, unless many writes are waiting.
func (t *Texts) Set(_ context.Context, name, text string) {
	if t.cache.shared == nil {
		return
	}
	if len(t.cache.writes) >= textsPending {
		t.cache.metrics.dropped.Inc()
		return
	}
	key := t.kind + ":" + name
	t.cache.queue(write{key: {Answered: time.Now(), Keep: t.ttl, Body: []byte(text), epoch: t.cache.epochOf(key)}})
}
