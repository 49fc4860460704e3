package entitycache_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache"
	"tributary/gateway/report"
)

func ahead(cfg *entitycache.Config) { cfg.RefreshAhead = true }

func TestRefresh_LastFifth(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		asked int
	}{
		"not in the first four fifths": {24*time.Second - 1, 1},
		"from the last fifth on":       {24 * time.Second, 2},
		"until the end":                {30*time.Second - 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
				g.want(t, "a", "first")
				time.Sleep(c.after)
				src.says("second")
				g.want(t, "a", "first") // the caller does not wait
				synctest.Wait()
				src.wantAsked(t, "a", c.asked)
				if c.asked == 2 {
					g.want(t, "a", "second")
				}
				if n := g.figure(t, "cache_refreshes_total", "done"); n != float64(c.asked-1) {
					t.Errorf("counted %v", n)
				}
			})
		})
	}
}

func TestRefresh_KeepsHotEntries(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		src.set(func(s *source) {
			s.wait = func(context.Context, []string) error { time.Sleep(200 * time.Millisecond); return nil }
		})
		g.want(t, "a", "first")
		for range 600 { // ten minutes
			time.Sleep(time.Second)
			ctx, r := report.With(t.Context())
			start := time.Now()
			if _, _, err := g.get(ctx, "a"); err != nil {
				t.Fatal(err)
			}
			if s := r.Summary(); time.Since(start) != 0 || s.Age(time.Now()) >= 30*time.Second || s.Asked {
				t.Fatalf("took %v, %v old, asked %v", time.Since(start), s.Age(time.Now()), s.Asked)
			}
		}
		if n := src.count("a"); n < 20 || n > 26 {
			t.Errorf("asked %d times in ten minutes", n)
		}
	})
}

func TestRefresh_UnusedEntry(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(time.Minute)
		src.wantAsked(t, "a", 1)
	})
}

func TestRefresh_OncePerEntry(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(25 * time.Second)
		release := src.hang()
		for range 50 {
			g.want(t, "a", "first")
		}
		synctest.Wait()
		src.wantAsked(t, "a", 2)
		release()
		synctest.Wait()
		src.wantAsked(t, "a", 2)
	})
}

func TestRefresh_FailureBacksOff(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(25 * time.Second)
		src.fails(errDown)
		for range 50 {
			ctx, r := report.With(t.Context())
			if _, _, err := g.get(ctx, "a"); err != nil || len(r.Summary().Degraded) > 0 {
				t.Fatalf("%v, %v", err, r.Summary())
			}
			synctest.Wait()
		}
		src.wantAsked(t, "a", 2)
		if n := g.figure(t, "cache_refreshes_total", "failed"); n != 1 {
			t.Errorf("counted %v", n)
		}
	})
}

func TestRefresh_JoinedAfterExpiry(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(29 * time.Second)
		src.says("second")
		release := src.hang()
		g.want(t, "a", "first")
		time.Sleep(2 * time.Second)
		var wg sync.WaitGroup
		wg.Go(func() { g.want(t, "a", "second") })
		synctest.Wait()
		release()
		wg.Wait()
		src.wantAsked(t, "a", 2)
	})
}

func TestRefresh_DroppedUnderLoad(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		const many = 100
		for i := range many {
			g.want(t, fmt.Sprint("k", i), "first")
		}
		time.Sleep(25 * time.Second)
		release := src.hang()
		for i := range many {
			g.want(t, fmt.Sprint("k", i), "first")
		}
		synctest.Wait()
		begun := 0
		for i := range many {
			begun += src.count(fmt.Sprint("k", i)) - 1
		}
		if begun == 0 || begun > 50 {
			t.Errorf("%d refreshes are under way", begun)
		}
		if n := g.figure(t, "cache_refreshes_total", "dropped"); int(n) != many-begun {
			t.Errorf("counted %v, %d were begun", n, begun)
		}
		release()
		synctest.Wait()
		for i := range many {
			g.want(t, fmt.Sprint("k", i), "first")
			synctest.Wait()
		}
		if n := g.figure(t, "cache_refreshes_total", "done"); int(n) != many {
			t.Errorf("%v of %d were refreshed once there was room", n, many)
		}
	})
}

func TestRefresh_OutlivesRequest(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		g.want(t, "a", "first")
		time.Sleep(25 * time.Second)
		src.set(func(s *source) {
			s.wait = func(ctx context.Context, _ []string) error {
				report.From(ctx).Calling("items")()
				return ctx.Err()
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		ctx, r := report.With(ctx)
		_, _, _ = g.get(ctx, "a")
		cancel()
		synctest.Wait()
		if s := r.Summary(); s.Asked || len(s.Calls) > 0 {
			t.Errorf("it is reported as %+v", s)
		}
		if n := g.figure(t, "cache_refreshes_total", "done"); n != 1 {
			t.Error("it ended with the request")
		}
	})
}

func TestRefresh_NotFoundIsNot(t *testing.T) {
	inBubble(t, ahead, func(t *subtest, g *gateway, src *source) {
		src.set(func(s *source) { s.unknown["a"] = true })
		for range 3 {
			_, _, _ = g.get(t.Context(), "a")
			time.Sleep(4900*time.Millisecond/2 - 1)
		}
		src.wantAsked(t, "a", 1)
	})
}

// No request waits for a refresh, so no request logs its panic.
func TestRefresh_Panic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		figures := prometheus.NewRegistry()
		cfg := defaults()
		cfg.RefreshAhead = true
		c, err := entitycache.New(cfg, slog.New(slog.NewJSONHandler(&log, nil)), figures)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		src := newSource("first")
		load := entitycache.ReadThrough(c, items, src.load)
		ask := func() {
			if values, err := load(t.Context(), []string{"a"}); err != nil || values["a"].Text != "first" {
				t.Errorf("%v, %v", values, err)
			}
		}
		ask()
		src.set(func(s *source) { s.wait = func(context.Context, []string) error { panic("in the background") } })
		time.Sleep(25 * time.Second)
		ask()
		synctest.Wait()
		if !strings.Contains(log.String(), `"msg":"panic","panic":"in the background","stack":"goroutine`) {
			t.Errorf("logged %s", log.String())
		}
		if n := (&gateway{figures: figures}).figure(t, "cache_panics_total"); n != 1 {
			t.Errorf("counted %v", n)
		}
	})
}
