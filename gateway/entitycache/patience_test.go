package entitycache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/entitycache"
	"tributary/gateway/report"
)

func patient(cfg *entitycache.Config) { cfg.SoftTimeout = 100 * time.Millisecond }

func TestSoftTimeout_ServesStale(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		defer src.hang()()
		for _, want := range []time.Duration{100 * time.Millisecond, 0} { // the second finds the trip past its patience
			start := time.Now()
			ctx, r := report.With(t.Context())
			text, _, err := g.get(ctx, "a")
			if err != nil || text != "first" || time.Since(start) != want {
				t.Errorf("got %q, %v after %v; want it after %v", text, err, time.Since(start), want)
			}
			if d := r.Summary().Degraded; len(d) != 1 || d[0].Reason != report.Stale {
				t.Errorf("degraded %v", d)
			}
		}
		src.wantAsked(t, "a", 2)
	})
}

func TestSoftTimeout_FastUpstream(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		src.set(func(s *source) {
			s.text = "second"
			s.wait = func(context.Context, []string) error { time.Sleep(99 * time.Millisecond); return nil }
		})
		g.want(t, "a", "second")
	})
}

func TestSoftTimeout_LoadContinues(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		src.says("second")
		release := src.hang()
		g.want(t, "a", "first")
		release()
		synctest.Wait()
		g.want(t, "a", "second")
		src.wantAsked(t, "a", 2)
	})
}

func TestSoftTimeout_Off(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		src.set(func(s *source) {
			s.wait = func(context.Context, []string) error { time.Sleep(2 * time.Second); return errDown }
		})
		start := time.Now()
		g.want(t, "a", "first")
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestSoftTimeout_NothingStale(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		release := src.hang()
		var wg sync.WaitGroup
		wg.Go(func() { g.want(t, "a", "first") })
		time.Sleep(time.Second)
		release()
		wg.Wait()
	})
}

func TestSoftTimeout_CallerGone(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		defer src.hang()()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, ok, err := g.get(ctx, "a"); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPolicy_PerKind(t *testing.T) {
	own := func(cfg *entitycache.Config) {
		cfg.TTLs = map[string]time.Duration{"item": 5 * time.Second}
		cfg.StaleIfErrors = map[string]time.Duration{"item": 10 * time.Second}
		cfg.AbsentTTLs = map[string]time.Duration{"item": time.Second}
	}
	inBubble(t, own, func(t *subtest, g *gateway, src *source) {
		other := newSource("other")
		load := entitycache.ReadThrough(g.Cache, entitycache.Kind{Name: "other", Service: "others"}, other.load)
		both := func() {
			_, _, _ = g.get(t.Context(), "a")
			_, _ = load(t.Context(), []string{"a"})
		}
		both()
		time.Sleep(5 * time.Second)
		both()
		src.wantAsked(t, "a", 2)
		other.wantAsked(t, "a", 1)

		time.Sleep(15*time.Second - 1)
		src.fails(errDown)
		g.want(t, "a", "first")
		time.Sleep(time.Nanosecond)
		if _, ok, _ := g.get(t.Context(), "a"); ok {
			t.Error("it is served beyond its stale-if-error time")
		}
	})
}
