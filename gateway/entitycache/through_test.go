package entitycache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

var errDown = fault.New(fault.Unavailable, "items", errors.New("connection refused"))

// inBubble runs body with a memory cache in a synctest bubble.
func inBubble(t *testing.T, change func(*entitycache.Config), body func(t *subtest, g *gateway, src *source)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := defaults()
		if change != nil {
			change(&cfg)
		}
		src := newSource("first")
		body(&subtest{t}, newGateway(t, cfg, src), src)
	})
}

func TestReadThrough_TTL(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		want  string
		asked int
	}{
		"at once":                        {0, "first", 1},
		"after most of the TTL":          {20 * time.Second, "first", 1},
		"a moment before its end":        {30*time.Second - 1, "first", 1},
		"at its end":                     {30 * time.Second, "second", 2},
		"long after its end":             {time.Minute, "second", 2},
		"after it may not stand in more": {time.Hour, "second", 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(c.after)
				src.says("second")
				before := src.count("a")
				g.want(t, "a", c.want)
				if got := src.count("a") - before; c.want == "second" && got != 1 || c.want == "first" && g.figure(t, "cache_hits_total", "memory") != 1 {
					t.Errorf("asked %d times more", got)
				}
			})
		})
	}
}

func TestReadThrough_Age(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		src.set(func(s *source) {
			s.wait = func(context.Context, []string) error { time.Sleep(3 * time.Second); return nil }
		})
		g.want(t, "a", "first")
		time.Sleep(10 * time.Second)
		ctx, r := report.With(t.Context())
		if _, _, err := g.get(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		s := r.Summary()
		if age := s.Age(time.Now()); age != 10*time.Second || s.Asked || len(s.Degraded) > 0 {
			t.Errorf("age %v, asked %v, degraded %v; want 10s, out of the cache, whole", age, s.Asked, s.Degraded)
		}
		if n := g.figure(t, "cache_served_age_seconds"); n != 1 {
			t.Errorf("%v ages were noted, want 1", n)
		}
	})
}

func TestReadThrough_ReportsCall(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		for key, fails := range map[string]bool{"good": false, "bad": true} {
			ctx, r := report.With(t.Context())
			if fails {
				src.fails(errDown)
			}
			_, _, _ = g.get(ctx, key)
			if !r.Summary().Asked {
				t.Errorf("%s: the report says that nobody was asked", key)
			}
		}
	})
}

func TestReadThrough_CircuitOpen(t *testing.T) {
	for name, kind := range map[string]fault.Kind{"its circuit is open": fault.CircuitOpen, "too much is under way": fault.Overloaded} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
				g.want(t, "old", "first")
				time.Sleep(time.Minute)
				src.fails(fault.New(kind, "items", nil))
				for key, stale := range map[string]int{"old": 1, "missing": 0} {
					ctx, r := report.With(t.Context())
					_, _, _ = g.get(ctx, key)
					if s := r.Summary(); s.Asked || len(s.Degraded) != stale {
						t.Errorf("%s: asked %v, degraded %v", key, s.Asked, s.Degraded)
					}
					if overdue := r.Overdue(time.Now()); len(overdue) > 0 {
						t.Errorf("%s: what stands in is taken for something whose time ended just now: %v", key, overdue)
					}
				}
			})
		})
	}
}

func TestReadThrough_StaleIfError(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		ok    bool
	}{
		"when the TTL is just over":     {30 * time.Second, true},
		"for as long as the setting":    {10*time.Minute + 30*time.Second - 1, true},
		"but not longer":                {10*time.Minute + 30*time.Second, false},
		"and not when long out of date": {24 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(c.after)
				src.fails(errDown)
				ctx, r := report.With(t.Context())
				text, ok, err := g.get(ctx, "a")
				if ok != c.ok {
					t.Fatalf("got %q, %v", text, err)
				}
				if !ok {
					if !errors.Is(err, errDown) {
						t.Errorf("the error is %v", err)
					}
					return
				}
				d := r.Summary().Degraded
				if text != "first" || len(d) != 1 || d[0].Reason != report.Stale || d[0].Service != "items" || *d[0].Age != c.after.Truncate(time.Millisecond).Seconds() {
					t.Errorf("got %q marked as %+v", text, d)
				}
				if n := g.figure(t, "cache_stale_served_total", "items"); n != 1 {
					t.Errorf("counted %v", n)
				}
			})
		})
	}
}

func TestReadThrough_StaleIsNotStored(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		src.fails(errDown)
		g.want(t, "a", "first")
		src.says("second")
		g.want(t, "a", "second")
		src.wantAsked(t, "a", 3)
	})
}

func TestReadThrough_OneKeyFails(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		g.want(t, "old", "first")
		time.Sleep(time.Minute)
		load := entitycache.ReadThrough(g.Cache, items, func(context.Context, []string) (map[string]item, error) {
			return map[string]item{"good": {"good", "second"}}, batch.KeyErrors[string]{"old": errDown, "bad": errDown}
		})
		values, err := load(t.Context(), []string{"good", "old", "bad", "none"})
		if len(values) != 2 || values["good"].Text != "second" || values["old"].Text != "first" {
			t.Errorf("values %v", values)
		}
		if byKey, ok := errors.AsType[batch.KeyErrors[string]](err); !ok || len(byKey) != 1 || !errors.Is(byKey["bad"], errDown) {
			t.Errorf("error %v, want one for bad alone", err)
		}
	})
}

func TestReadThrough_NotFound(t *testing.T) {
	for name, c := range map[string]struct {
		ttl, after time.Duration
		asked      int
	}{
		"a moment before its time is over": {5 * time.Second, 5*time.Second - 1, 1},
		"when its time is over":            {5 * time.Second, 5 * time.Second, 2},
		"not at all, when switched off":    {0, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(cfg *entitycache.Config) { cfg.AbsentTTL = c.ttl }, func(t *subtest, g *gateway, src *source) {
				src.set(func(s *source) { s.unknown["a"] = true })
				for range 2 {
					if text, ok, err := g.get(t.Context(), "a"); ok || err != nil {
						t.Fatalf("got %q, %v; want nothing and no error", text, err)
					}
					time.Sleep(c.after)
				}
				src.wantAsked(t, "a", c.asked)
			})
		})
	}
}

func TestReadThrough_GoneIsNotStale(t *testing.T) {
	for name, ttl := range map[string]time.Duration{"when that is remembered": 5 * time.Second, "when it is not": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(cfg *entitycache.Config) { cfg.AbsentTTL = ttl }, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(time.Minute)
				src.set(func(s *source) { s.unknown["a"] = true })
				if _, ok, err := g.get(t.Context(), "a"); ok || err != nil {
					t.Fatalf("there is one, or %v", err)
				}
				time.Sleep(time.Minute)
				src.fails(errDown)
				if text, ok, err := g.get(t.Context(), "a"); ok || !errors.Is(err, errDown) {
					t.Errorf("got %q, %v; it was deleted", text, err)
				}
			})
		})
	}
}

func TestReadThrough_NeverStored(t *testing.T) {
	for name, answer := range map[string]batch.Func[string, item]{
		"a failure":                    func(context.Context, []string) (map[string]item, error) { return nil, errDown },
		"a panic":                      func(context.Context, []string) (map[string]item, error) { panic("oh") },
		"the missing key of a failure": func(context.Context, []string) (map[string]item, error) { return map[string]item{"b": {}}, errDown },
		"what was cut off": func(ctx context.Context, _ []string) (map[string]item, error) {
			<-ctx.Done()
			return map[string]item{"b": {}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
				calls := 0
				load := entitycache.ReadThrough(g.Cache, items, func(ctx context.Context, keys []string) (map[string]item, error) {
					calls++
					return answer(ctx, keys)
				})
				for range 2 {
					if _, err := load(t.Context(), []string{"a"}); err == nil {
						t.Error("no error")
					}
				}
				if calls != 2 {
					t.Errorf("asked %d times, want 2", calls)
				}
			})
		})
	}
}

func TestReadThrough_Unencodable(t *testing.T) {
	g := onRedis(t, redistest.Start(t).URL(), newSource("first"))
	load := entitycache.ReadThrough(g.Cache, entitycache.Kind{Name: "func", Service: "items"}, func(context.Context, []string) (map[string]func(), error) {
		return map[string]func(){"a": func() {}}, nil
	})
	_, err := load(t.Context(), []string{"a"})
	if f := fault.From(batch.ErrorOf(err, "a")); f.Kind != fault.Internal || f.Service != "items" {
		t.Errorf("got %v", err)
	}
}

func TestReadThrough_KindsAreSeparate(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		other := newSource("other")
		load := entitycache.ReadThrough(g.Cache, entitycache.Kind{Name: "other", Service: "items"}, other.load)
		if values, err := load(t.Context(), []string{"a"}); err != nil || values["a"].Text != "other" {
			t.Errorf("got %v, %v", values, err)
		}
	})
}

func TestReadThrough_SingleAndBatch(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, _ *source) {
		g.want(t, "a", "first")
		type short struct {
			Text string `json:"text"`
		}
		load := entitycache.ReadThrough(g.Cache, items, func(context.Context, []string) (map[string]short, error) { return nil, errDown })
		for range 2 {
			if values, err := load(t.Context(), []string{"a"}); err != nil || values["a"].Text != "first" {
				t.Errorf("got %v, %v", values, err)
			}
			g.want(t, "a", "first")
		}
	})
}
