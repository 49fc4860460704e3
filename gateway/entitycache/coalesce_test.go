package entitycache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
)

func TestCoalesce_Burst(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		release := src.hang()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { g.want(t, "a", "first") })
		}
		synctest.Wait()
		release()
		wg.Wait()
		src.wantAsked(t, "a", 1)
		if n := g.figure(t, "cache_coalesced_total"); n != 99 {
			t.Errorf("counted %v who came along, want 99", n)
		}
	})
}

func TestCoalesce_OverlappingKeys(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		release := src.hang()
		var wg sync.WaitGroup
		for i := range 20 {
			keys := []string{fmt.Sprint("k", i), fmt.Sprint("k", i+1), fmt.Sprint("k", i+2)}
			wg.Go(func() {
				if values, err := g.load(t.Context(), keys); err != nil || len(values) != 3 {
					t.Errorf("%v: %v, %v", keys, values, err)
				}
			})
			synctest.Wait()
		}
		release()
		wg.Wait()
		for i := range 22 {
			src.wantAsked(t, fmt.Sprint("k", i), 1)
		}
	})
}

func TestCoalesce_KeyDoneEarly(t *testing.T) {
	// The keys that a load has to wait for may be in different trips.
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		release := src.hang()
		defer release()
		go func() { _, _, _ = g.get(t.Context(), "slow") }()
		synctest.Wait()
		src.says("first")
		start := time.Now()
		g.want(t, "quick", "first")
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestCoalesce_CallerCanceled(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		release := src.hang()
		first, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the client has gone")
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := g.get(first, "a"); !errors.Is(err, gone) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() { g.want(t, "a", "first") })
		synctest.Wait()
		cancel(gone)
		synctest.Wait()
		release()
		wg.Wait()
		src.wantAsked(t, "a", 1)
	})
}

func TestCoalesce_NoWaiters(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		ended := make(chan error, 1)
		src.set(func(s *source) {
			s.wait = func(ctx context.Context, _ []string) error { <-ctx.Done(); ended <- ctx.Err(); return ctx.Err() }
		})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = g.load(ctx, []string{"a", "b"}) })
		}
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended by %v", err)
		}
		wg.Wait()
		src.says("second")
		g.want(t, "a", "second")
	})
}

func TestCoalesce_AfterCanceledLoad(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		stuck := make(chan struct{})
		src.set(func(s *source) { s.wait = func(context.Context, []string) error { <-stuck; return errDown } }) // ignores its context
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _, _ = g.get(ctx, "a") })
		synctest.Wait()
		cancel()
		wg.Wait()
		src.says("second")
		g.want(t, "a", "second")
		close(stuck)
		synctest.Wait()
		g.want(t, "a", "second")
	})
}

func TestCoalesce_LoadTimeout(t *testing.T) {
	inBubble(t, func(cfg *entitycache.Config) { cfg.LoadTimeout = 2 * time.Second }, func(t *subtest, g *gateway, src *source) {
		defer src.hang()()
		start := time.Now()
		if _, _, err := g.get(t.Context(), "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestCoalesce_CallerDeadline(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		defer src.hang()()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := g.load(ctx, []string{"a", "b", "c"})
		if !errors.Is(batch.ErrorOf(err, "c"), context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestCoalesce_ContextValues(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		type key struct{}
		var got any
		src.set(func(s *source) {
			s.wait = func(ctx context.Context, _ []string) error { got = ctx.Value(key{}); return nil }
		})
		_, _, _ = g.get(context.WithValue(t.Context(), key{}, "request-1"), "a")
		if got != "request-1" {
			t.Errorf("got %v", got)
		}
	})
}

func TestCoalesce_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource("first")
		g := newGateway(t, defaults(), src)
		defer src.hang()()
		done := make(chan error)
		go func() { _, _, err := g.get(t.Context(), "a"); done <- err }()
		synctest.Wait()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("the load went on")
		}
	})
}

// No call is made that cannot end before all callers have left. Cached values are
// served all the same.
func TestCoalesce_NoTimeLeft(t *testing.T) {
	inBubble(t, func(c *entitycache.Config) { c.LeastTime = 5 * time.Millisecond }, func(t *subtest, g *gateway, src *source) {
		have := func(d time.Duration, key string) error {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, _, err := g.get(ctx, key)
			return err
		}
		if f, ok := errors.AsType[*fault.Error](have(4*time.Millisecond, "a")); !ok || f.Kind != fault.Timeout || f.Service != "items" {
			t.Errorf("too little time: %v", f)
		}
		src.wantAsked(t, "a", 0)
		if err := have(6*time.Millisecond, "a"); err != nil {
			t.Errorf("enough time: %v", err)
		}
		src.wantAsked(t, "a", 1)
		if err := have(time.Millisecond, "a"); err != nil {
			t.Errorf("what is there: %v", err)
		}
		time.Sleep(time.Minute)
		if err := have(time.Millisecond, "a"); err != nil {
			t.Errorf("what may stand in: %v", err)
		}
		src.wantAsked(t, "a", 1)
	})
}
