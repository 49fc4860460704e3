package batch_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"tributary/gateway/batch"
)

// Keys that are loaded alone share a bounded number of goroutines, however many there are
// and whether their calls end or their operation does.
func TestLoader_AloneIsBounded(t *testing.T) {
	const keys = 3000
	for name, cancels := range map[string]bool{"the calls end": false, "the operation ends": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var called atomic.Int64
				l := batch.NewLoader(batch.Each(func(ctx context.Context, key string) (string, bool, error) {
					called.Add(1)
					select {
					case <-release:
						return "<" + key + ">", true, nil
					case <-ctx.Done():
						return "", false, context.Cause(ctx)
					}
				}), batch.Options{Alone: true})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ctx = batch.WithScope(ctx)
				var loaded, failed int
				results := make(chan error)
				before := runtime.NumGoroutine()
				for i := range keys {
					l.Start(ctx, fmt.Sprint(i), func(v string, err error) {
						if err == nil && v != fmt.Sprintf("<%d>", i) {
							err = fmt.Errorf("%d is %q", i, v)
						}
						results <- err
					})
				}
				synctest.Wait()
				if added := runtime.NumGoroutine() - before; added > 250 || called.Load() < 100 {
					t.Errorf("%d goroutines for %d keys, %d calls", added, keys, called.Load())
				}
				if cancels {
					cancel()
				} else {
					close(release)
				}
				for range keys {
					if err := <-results; err != nil {
						failed++
					} else {
						loaded++
					}
				}
				if cancels && loaded > 0 || !cancels && failed > 0 {
					t.Errorf("%d loaded, %d failed", loaded, failed)
				}
			})
		})
	}
}
