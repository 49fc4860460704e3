package entitycache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
)

type variantKey struct{}

func variantOf(ctx context.Context, _ string) string {
	v, _ := ctx.Value(variantKey{}).(string)
	return v
}

// in returns the context of a request in a language.
func in(t testing.TB, language string) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), variantKey{}, language)
}

// speaks returns the source with values in the language of the request.
func (s *source) speaks() batch.Func[string, item] {
	return func(ctx context.Context, keys []string) (map[string]item, error) {
		values, err := s.load(ctx, keys)
		for key, v := range values {
			v.Text += " in " + variantOf(ctx, "")
			values[key] = v
		}
		return values, err
	}
}

func TestVariants_AreSeparate(t *testing.T) {
	inBubble(t, func(c *entitycache.Config) { c.Variant = variantOf }, func(t *subtest, g *gateway, src *source) {
		load := entitycache.ReadThrough(g.Cache, items, src.speaks())
		for range 2 {
			for _, language := range []string{"de", "en", ""} {
				values, err := load(in(t, language), []string{"a", "b"})
				if err != nil || values["a"].Text != "first in "+language || values["b"].ID != "b" {
					t.Errorf("%q: %v, %v", language, values, err)
				}
			}
		}
		if n := src.count("a"); n != 3 {
			t.Errorf("asked %d times, want once a language", n)
		}
		time.Sleep(time.Minute) // older than the TTL
		src.fails(errDown)
		if values, _ := load(in(t, "de"), []string{"a"}); values["a"].Text != "first in de" {
			t.Errorf("%v stands in", values)
		}
		if _, err := load(in(t, "fr"), []string{"a"}); !errors.Is(batch.ErrorOf(err, "a"), errDown) {
			t.Errorf("another language stands in, or the key of %v is another", err)
		}
	})
}

func TestVariants_Purge(t *testing.T) {
	sharedStores(t, func(t *subtest, url string) {
		cfg := defaults()
		cfg.RedisURL, cfg.Variant = url, variantOf
		src := newSource("first")
		g := newGateway(t, cfg, src)
		for _, tag := range []string{"item:a", "item", entitycache.PurgeAll} {
			src.says("first")
			settle(t, g)
			inRedis(t, url, []string{"a\x1fde", "a\x1fen"}, func() {
				for _, language := range []string{"de", "en", ""} {
					eventually(t, "it is there", func() bool {
						values, err := g.load(in(t, language), []string{"a"})
						return err == nil && values["a"].Text == "first"
					})
				}
			}, g)
			src.says("second")
			purge(t, g, tag)
			other := newGateway(t, cfg, src) // which has only what is in Redis
			for _, language := range []string{"de", "en", ""} {
				for name, gw := range map[string]*gateway{"here": g, "elsewhere": other} {
					if values, err := gw.load(in(t, language), []string{"a"}); err != nil || values["a"].Text != "second" {
						t.Errorf("%s, %s, in %q: %v, %v", tag, name, language, values, err)
					}
				}
			}
		}
	})
}
