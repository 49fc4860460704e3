package execute_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/batch"
	"tributary/gateway/execute"
)

// An operation has a bounded number of goroutines, also if many elements and fields wait for
// loads that were not started ahead.
func TestRelay_GoroutinesAreBounded(t *testing.T) {
	for name, lists := range map[string][]int{"one list": {5000, 1}, "lists in lists": {70, 70}, "many short lists": {2500, 2}} {
		for _, alone := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, alone %v", name, alone), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					loader := batch.NewLoader(func(_ context.Context, keys []string) (map[string]string, error) {
						<-release
						values := make(map[string]string, len(keys))
						for _, key := range keys {
							values[key] = key
						}
						return values, nil
					}, batch.Options{Unbatched: alone})
					ctx, before := batch.WithScope(operation(t)), runtime.NumGoroutine()
					var wrong atomic.Int64
					done := make(chan struct{})
					go func() {
						defer close(done)
						execute.MarshalSlice(ctx, lists[0], 0, false, func(ctx context.Context, i int) graphql.Marshaler {
							return execute.MarshalSlice(ctx, lists[1], 0, false, func(ctx context.Context, j int) graphql.Marshaler {
								key := fmt.Sprint(i, j)
								if v, err := loader.Load(ctx, key); v != key || err != nil {
									wrong.Add(1)
								}
								return graphql.Null
							})
						})
					}()
					synctest.Wait()
					const most = 500 + 128 + 10 // that resolve, that load, and others
					if n := runtime.NumGoroutine() - before; n > most {
						t.Errorf("%d goroutines, want at most %d", n, most)
					}
					close(release)
					<-done
					if n := wrong.Load(); n > 0 {
						t.Errorf("%d loads gave something else", n)
					}
				})
			})
		}
	}
}
