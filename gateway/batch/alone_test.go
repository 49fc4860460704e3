package batch_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"tributary/gateway/batch"
)

// gauge counts the calls that run at the same time, and lets none return before open.
type gauge struct {
	running, most, all atomic.Int64
	open               chan struct{}
}

func (g *gauge) get(_ context.Context, key string) (string, bool, error) {
	g.all.Add(1)
	n := g.running.Add(1)
	defer g.running.Add(-1)
	g.most.Store(max(g.most.Load(), n))
	<-g.open
	return key, true, nil
}

// Of keys that are loaded alone an operation loads so many at a time, and all operations
// together not as many for each, but each some.
func TestLoader_AloneIsBounded(t *testing.T) {
	for operations, most := range map[int]int64{1: 128, 2: 256, 40: 40*8 + 256} {
		t.Run(fmt.Sprint(operations, " operations"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const keys = 1000
				g := &gauge{open: make(chan struct{})}
				loader := batch.NewLoader(batch.PerKey(g.get), batch.Options{Unbatched: true})
				var ctxs []context.Context
				for range operations {
					ctx := batch.WithScope(t.Context())
					ctxs = append(ctxs, ctx)
					for i := range keys {
						loader.Begin(ctx, fmt.Sprint(i))
					}
				}
				synctest.Wait()
				if n := g.most.Load(); n != most {
					t.Errorf("%d calls at a time, want %d", n, most)
				}
				close(g.open)
				for _, ctx := range ctxs {
					for i := range keys {
						if v, err := loader.Load(ctx, fmt.Sprint(i)); v != fmt.Sprint(i) || err != nil {
							t.Fatalf("%s is %q, %v", fmt.Sprint(i), v, err)
						}
					}
				}
				synctest.Wait()
				if n := g.all.Load(); n != int64(operations*keys) {
					t.Errorf("%d calls for %d keys", n, operations*keys)
				}
				g.open = make(chan struct{})
				g.most.Store(0)
				ctx := batch.WithScope(t.Context())
				for i := range keys {
					loader.Begin(ctx, fmt.Sprint(i))
				}
				synctest.Wait()
				if n := g.most.Load(); n != 128 {
					t.Errorf("%d calls at a time later, want 128", n)
				}
				close(g.open)
			})
		})
	}
}

func TestChunks_CallsAreBounded(t *testing.T) {
	for _, size := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{open: make(chan struct{})}
			load := batch.Chunks(size, func(ctx context.Context, keys []string) (map[string]string, error) {
				values := map[string]string{}
				for _, key := range keys {
					values[key] = key
				}
				_, _, err := g.get(ctx, "")
				return values, err
			})
			keys := make([]string, 1000)
			for i := range keys {
				keys[i] = fmt.Sprint(i)
			}
			done := make(chan int)
			go func() {
				values, _ := load(t.Context(), keys)
				done <- len(values)
			}()
			synctest.Wait()
			if n := g.most.Load(); n != 128 {
				t.Errorf("%d calls at a time, want 128", n)
			}
			close(g.open)
			if n := <-done; n != len(keys) {
				t.Errorf("%d values of %d keys", n, len(keys))
			}
		})
	}
}
