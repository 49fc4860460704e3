package entitycache

import (
	"context"
	"time"

	"tributary/gateway/entitycache/redisstore"
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
	r, found := t.cache.getRedis(ctx, []string{key})[key]
	if !found || r.NotFound {
		return "", false
	}
	return string(r.Body), true
}

// textsPending is how many writes may wait for Redis so that a text may wait as
// well. Texts are long, and those who sent one can send it again.
const textsPending = 64

// Set writes a text in the background, unless many writes are waiting.
func (t *Texts) Set(_ context.Context, name, text string) {
	if t.cache.redis == nil {
		return
	}
	if len(t.cache.writes) >= textsPending {
		t.cache.metrics.dropped.Inc()
		return
	}
	key := t.kind + ":" + name
	now := t.cache.epochOf(key)
	t.cache.queue(writeBatch{key: {
		Record:     redisstore.Record{FetchedAt: time.Now(), UsableFor: t.ttl, Body: []byte(text), Stamp: now.stamp},
		generation: now.generation,
	}})
}
