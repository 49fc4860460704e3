package entitycache_test

import (
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
)

func TestDocumentStore_Shared(t *testing.T) {
	server := redistest.Start(t)
	one, two := onRedis(t, server.URL(), newSource("first")), onRedis(t, server.URL(), newSource("first"))
	wantUsed(t, one, server)
	wantUsed(t, two, server)
	one.Texts("document", time.Hour).Set(t.Context(), "a", "{ hello }")
	texts := two.Texts("document", time.Hour)
	eventually(t, "the other gateway has it", func() bool {
		text, found := texts.Get(t.Context(), "a")
		return found && text == "{ hello }"
	})
	if _, found := two.Texts("other", time.Hour).Get(t.Context(), "a"); found {
		t.Error("found under another kind")
	}
	server.Kill()
	start := time.Now()
	for range 20 {
		if text, found := texts.Get(t.Context(), "a"); found {
			t.Errorf("found %q in a Redis that is gone", text)
		}
		texts.Set(t.Context(), "b", "{ b }")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("20 requests waited %v for a Redis that is gone", took)
	}
}

func TestDocumentStore_NoRedis(t *testing.T) {
	g := newGateway(t, defaults(), newSource("x"))
	texts := g.Texts("document", time.Hour)
	texts.Set(t.Context(), "a", "{ hello }")
	if text, found := texts.Get(t.Context(), "a"); found {
		t.Errorf("found %q", text)
	}
}
