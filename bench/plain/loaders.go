package plain

import (
	"context"
	"net/http"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"tributary/bench/internal/baseline"
)

// How dataloaders are commonly set: the wait is paid once a level, and the
// product service takes 100 ids a call.
const (
	wait     = time.Millisecond
	maxBatch = 100
)

type loaders struct {
	users    *dataloader.Loader[string, *baseline.User]
	orders   *dataloader.Loader[string, []*baseline.Order]
	products *dataloader.Loader[string, *baseline.Product]
}

type loadersKey struct{}

func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// withLoaders gives each request loaders of its own.
func withLoaders(s baseline.Services, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := &loaders{
			users:  dataloader.NewBatchedLoader(each(s.User), dataloader.WithWait[string, *baseline.User](wait)),
			orders: dataloader.NewBatchedLoader(each(s.Orders), dataloader.WithWait[string, []*baseline.Order](wait)),
			products: dataloader.NewBatchedLoader(batch(s.Products),
				dataloader.WithWait[string, *baseline.Product](wait), dataloader.WithBatchCapacity[string, *baseline.Product](maxBatch)),
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loadersKey{}, l)))
	})
}

// each loads every key of a batch with a call of its own, in parallel.
func each[V any](get func(context.Context, string) (V, error)) dataloader.BatchFunc[string, V] {
	return func(ctx context.Context, keys []string) []*dataloader.Result[V] {
		results := make([]*dataloader.Result[V], len(keys))
		done := make(chan struct{})
		for i, key := range keys {
			go func() {
				v, err := get(ctx, key)
				results[i] = &dataloader.Result[V]{Data: v, Error: err}
				done <- struct{}{}
			}()
		}
		for range keys {
			<-done
		}
		return results
	}
}

func batch[V any](get func(context.Context, []string) (map[string]V, error)) dataloader.BatchFunc[string, V] {
	return func(ctx context.Context, keys []string) []*dataloader.Result[V] {
		values, err := get(ctx, keys)
		results := make([]*dataloader.Result[V], len(keys))
		for i, key := range keys {
			results[i] = &dataloader.Result[V]{Data: values[key], Error: err}
		}
		return results
	}
}
