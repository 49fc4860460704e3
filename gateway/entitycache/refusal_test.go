package entitycache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// refusal returns the error of a service that answers with a 4xx status.
func refusal(status int) error {
	return &fault.Error{Kind: fault.Rejected, Service: "items", Status: status}
}

var (
	errRefused = refusal(400)
	errRevoked = refusal(403)
	errPage    = fault.New(fault.InvalidResponse, "items", errors.Join(fault.ErrNotFoundPage))
)

// takesBack lists the refusals that drop an entry.
var takesBack = []int{401, 403, 451}

func TestRefusal_EachStatusServesNothingStale(t *testing.T) {
	for status := 400; status < 500; status++ {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(time.Minute)
				src.fails(refusal(status))
				ctx, r := report.With(t.Context())
				if text, ok, err := g.get(ctx, "a"); ok || !fault.Refused(err) {
					t.Errorf("got %q, %v", text, err)
				}
				if d := r.Summary().Degraded; len(d) > 0 {
					t.Errorf("marked as %v", d)
				}
				src.fails(errDown)
				if text, ok, _ := g.get(t.Context(), "a"); ok == slices.Contains(takesBack, status) {
					t.Errorf("when the service fails afterwards: %q, %v", text, ok)
				}
				src.says("second")
				g.want(t, "a", "second")
			})
		})
	}
}

func TestRefusal_OfARefreshInTheBackground(t *testing.T) {
	for status := 400; status < 500; status++ {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubble(t, func(c *entitycache.Config) { c.RefreshAhead = true }, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(25 * time.Second)
				src.fails(refusal(status))
				g.want(t, "a", "first") // the refresh is only started
				synctest.Wait()
				src.wantAsked(t, "a", 2)
				if text, ok, err := g.get(t.Context(), "a"); ok == slices.Contains(takesBack, status) || ok == fault.Refused(err) {
					t.Errorf("within the TTL: %q, %v", text, err)
				}
				time.Sleep(5 * time.Second)
				if text, ok, err := g.get(t.Context(), "a"); ok || !fault.Refused(err) {
					t.Errorf("after the TTL: %q, %v", text, err)
				}
			})
		})
	}
}

// A service that takes longer than the patience to refuse is waited for, once it has
// refused.
func TestRefusal_ThatComesLate(t *testing.T) {
	for _, status := range []int{400, 403, 409} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
				late := func(err error) {
					src.set(func(s *source) {
						s.wait = func(context.Context, []string) error { time.Sleep(time.Second); return err }
					})
				}
				g.want(t, "a", "first")
				time.Sleep(time.Minute)
				late(refusal(status))
				g.want(t, "a", "first") // the load is still in flight
				time.Sleep(time.Second)
				for range 2 {
					if text, ok, err := g.get(t.Context(), "a"); ok || !fault.Refused(err) {
						t.Errorf("got %q, %v", text, err)
					}
				}
				if status == 403 {
					return
				}
				late(errDown)
				g.want(t, "a", "first")
				start := time.Now()
				g.want(t, "a", "first")
				if took := time.Since(start); took != 100*time.Millisecond {
					t.Errorf("took %v when the last answer was no refusal", took)
				}
			})
		})
	}
}

func TestRefusal_DropsItsVariantAlone(t *testing.T) {
	inBubble(t, func(c *entitycache.Config) { c.Variant = variantOf }, func(t *subtest, g *gateway, src *source) {
		load := entitycache.ReadThrough(g.Cache, items, src.speaks())
		languages := []string{"de", "en", ""}
		for _, refused := range languages {
			src.says("first")
			_ = g.Purge(t.Context(), "item")
			time.Sleep(time.Nanosecond)
			for _, language := range languages {
				_, _ = load(in(t, language), []string{"a"})
			}
			time.Sleep(time.Minute)
			src.fails(errRevoked)
			_, _ = load(in(t, refused), []string{"a"})
			src.fails(errDown)
			for _, language := range languages {
				values, _ := load(in(t, language), []string{"a"})
				if _, ok := values["a"]; ok == (language == refused) {
					t.Errorf("%q refused, %q has %v", refused, language, values)
				}
			}
		}
	})
}

func TestRefusal_OfABatchIsThatOfItsKeys(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		load := entitycache.ReadThrough(g.Cache, items, func(ctx context.Context, keys []string) (map[string]item, error) {
			if src.err == nil {
				return src.load(ctx, keys)
			}
			return nil, batch.KeyErrors[string]{"a": errRevoked, "b": errDown, "c": errRefused}
		})
		_, _ = load(t.Context(), []string{"a", "b", "c"})
		time.Sleep(time.Minute)
		src.fails(errDown)
		values, err := load(t.Context(), []string{"a", "b", "c"})
		if len(values) != 1 || values["b"].Text != "first" || !fault.Revoked(batch.ErrorOf(err, "a")) || !fault.Refused(batch.ErrorOf(err, "c")) {
			t.Errorf("got %v, %v", values, err)
		}
	})
}

func TestRefusal_DropsTheEntryInRedis(t *testing.T) {
	sharedStores(t, func(t *subtest, url string) {
		for _, c := range []struct {
			err  error
			gone bool
		}{{errRefused, false}, {errDown, false}, {errRevoked, true}, {refusal(401), true}, {refusal(451), true}} {
			cfg := defaults()
			cfg.RedisURL, cfg.Variant = url, variantOf
			src := newSource("first")
			g := newGateway(t, cfg, src)
			settle(t, g)
			inRedis(t, url, []string{"a", "a\x1fde"}, func() {
				for _, language := range []string{"", "de"} {
					_, _ = g.load(in(t, language), []string{"a"})
				}
			}, g)

			short := cfg
			short.TTL = 0
			impatient := newGateway(t, short, src) // for which both are stale
			src.fails(c.err)
			s := newRedis(t, url)
			eventually(t, fmt.Sprint("what ", c.err, " leaves in Redis"), func() bool {
				_, _ = impatient.load(in(t, "de"), []string{"a"}) // deletions are dropped while Redis is slow
				found, err := s.Get(t.Context(), []string{"item:a", "item:a\x1fde"})
				_, plain := found["item:a"]
				_, german := found["item:a\x1fde"]
				return err == nil && plain && german != c.gone
			})
		}
	})
}

// A gateway does not serve from Redis what it could not delete there.
func TestRefusal_WhereRedisDeniesDeletion(t *testing.T) {
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL, cfg.TTL = server.URL(), 0
	src := newSource("first")
	g := newGateway(t, cfg, src)
	stored(t, server.URL(), "first", []string{"a"}, g)
	if answer, err := server.Do("ACL", "SETUSER", "default", "-del"); err != nil {
		t.Fatal(answer, err)
	}
	src.fails(errRevoked)
	if text, ok, err := g.get(t.Context(), "a"); ok || !fault.Revoked(err) {
		t.Errorf("got %q, %v", text, err)
	}
	eventually(t, "the deletion has failed", func() bool {
		_, _, _ = g.get(t.Context(), "a")
		return g.figure(t, "cache_errors_total", "delete") > 0
	})
	if found := look(t, newRedis(t, server.URL()), "item:a"); len(found) != 1 {
		t.Fatalf("in Redis: %v", found)
	}
	src.fails(errDown)
	if text, ok, err := g.get(t.Context(), "a"); ok || !errors.Is(err, errDown) {
		t.Errorf("got %q, %v", text, err)
	}
	src.says("second")
	g.want(t, "a", "second")
}

func TestNotFound_IsRememberedNoLongerThanTheTTL(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 30 * time.Second} {
		for _, absent := range []time.Duration{0, time.Second, 5 * time.Second} {
			for name, err := range map[string]error{"missing": nil, "a page": errPage} {
				t.Run(fmt.Sprint(ttl, " ", absent, " ", name), func(t *testing.T) {
					inBubble(t, func(c *entitycache.Config) { c.TTL, c.AbsentTTL = ttl, absent }, func(t *subtest, g *gateway, src *source) {
						src.set(func(s *source) { s.unknown["a"], s.err = err == nil, err })
						if _, ok, err := g.get(t.Context(), "a"); ok || err != nil {
							t.Fatalf("got %v, %v", ok, err)
						}
						src.set(func(s *source) { s.unknown["a"], s.err = false, nil })
						if remembered := min(ttl, absent); remembered > 0 {
							time.Sleep(remembered - 1)
							_, _, _ = g.get(t.Context(), "a")
							src.wantAsked(t, "a", 1)
							time.Sleep(time.Nanosecond)
						}
						g.want(t, "a", "first")
					})
				})
			}
		}
	}
}

func TestNotFoundPage_OfWhatIsKnownIsAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		want  string
		ok    bool
	}{
		"stale":             {time.Minute, "first", true},
		"too old":           {time.Hour, "", false},
		"still fresh":       {25 * time.Second, "first", true},
		"nothing was known": {-1, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(c *entitycache.Config) { c.RefreshAhead = true }, func(t *subtest, g *gateway, src *source) {
				if c.after >= 0 {
					g.want(t, "a", "first")
					time.Sleep(c.after)
				}
				src.fails(errPage)
				for range 2 {
					text, ok, err := g.get(t.Context(), "a")
					if text != c.want || ok != c.ok || err != nil {
						t.Errorf("got %q, %v, %v", text, ok, err)
					}
					synctest.Wait()
				}
				if c.ok {
					return
				}
				time.Sleep(5 * time.Second)
				src.says("second")
				g.want(t, "a", "second")
			})
		})
	}
}

func TestNotFoundPage_IsNotSharedWithOthers(t *testing.T) {
	sharedStores(t, func(t *subtest, url string) {
		src := newSource("first")
		g := onRedis(t, url, src)
		settle(t, g)
		src.fails(errPage)
		if _, ok, err := g.get(t.Context(), "a"); ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
		src.says("first")
		stored(t, url, "first", []string{"b"}, g) // written after it
		if found := look(t, newRedis(t, url), "item:a"); len(found) > 0 {
			t.Errorf("in Redis: %v", found)
		}
	})
}
