package rest

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
)

// A Source is where the values of a loader come from.
type Source[V any] struct {
	Service string
	// PerCall is the number of keys that one call of the service takes.
	PerCall int
	// Check, if not nil, returns an error for a key that cannot be one, before anything is
	// looked up.
	Check func(key string) error
	// Default, if not nil, is the value of a key that the service does not know. That the
	// key is unknown is what is cached.
	Default *V
	// Decode, if not nil, decodes a value that was encoded by [json.Marshal], for types that
	// encoding/json cannot decode.
	Decode func(data []byte) (V, error)
	Load   batch.Func[string, V]
}

// Loader returns the loader of a kind of value: its source behind the cache c, with checked
// keys, batched per operation.
func Loader[V any](c *entitycache.Cache, m *batch.Metrics, kind string, from Source[V]) *batch.Loader[string, V] {
	k := entitycache.Kind{Name: kind, Service: from.Service}
	if from.Decode != nil {
		k.Decode = func(data []byte) (any, error) { return from.Decode(data) }
	}
	load := entitycache.ReadThrough(c, k, from.Load)
	if from.Check != nil {
		load = batch.Validate(from.Check, load)
	}
	if from.Default != nil {
		load = batch.Default(*from.Default, load)
	}
	return batch.NewLoader(load, batch.Options{
		Service: from.Service, Unbatched: from.PerCall == 1, PerCall: from.PerCall, Observe: m.Of(kind),
	})
}

// All loads a value for each key. One that fails is null, with an error at its own path,
// and does not affect the others.
func All[V any](ctx context.Context, l *batch.Loader[string, *V], keys []string) []*V {
	values, errs := l.LoadAll(ctx, keys)
	for i, err := range errs {
		if err != nil {
			graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), err))
		}
	}
	return values
}
