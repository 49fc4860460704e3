package cache

import (
	"context"
	"errors"
	"strings"

	"tributary/gateway/batch"
)

// variantMark separates a key from the variant of its value. Ids do not contain it,
// because it is a control character.
const variantMark = "\x1f"

// base returns a name without its variant.
func base(name string) string {
	name, _, _ = strings.Cut(name, variantMark)
	return name
}

// apart separates the values of different variants: it adds the variant to the keys of
// through.
func apart[V any](variant func(context.Context) string, through batch.Func[string, V]) batch.Func[string, V] {
	return func(ctx context.Context, keys []string) (map[string]V, error) {
		v := variant(ctx)
		if v == "" {
			return through(ctx, keys)
		}
		marked := make([]string, len(keys))
		for i, key := range keys {
			marked[i] = key + variantMark + v
		}
		values, err := through(ctx, marked)
		return rekey(values, base), rekeyErrors(err, base)
	}
}

// together undoes apart for the upstream, which gets the plain keys and sees the headers
// that determine the variant. All keys of a call have the same variant.
func together[V any](next batch.Func[string, V]) batch.Func[string, V] {
	return func(ctx context.Context, keys []string) (map[string]V, error) {
		_, v, marked := strings.Cut(keys[0], variantMark)
		if !marked {
			return next(ctx, keys)
		}
		plain := make([]string, len(keys))
		for i, key := range keys {
			plain[i] = base(key)
		}
		values, err := next(ctx, plain)
		mark := func(key string) string { return key + variantMark + v }
		return rekey(values, mark), rekeyErrors(err, mark)
	}
}

func rekey[V any](from map[string]V, name func(string) string) map[string]V {
	to := make(map[string]V, len(from))
	for key, v := range from {
		to[name(key)] = v
	}
	return to
}

func rekeyErrors(err error, name func(string) string) error {
	if keyed, ok := errors.AsType[batch.KeyErrors[string]](err); ok {
		return batch.KeyErrors[string](rekey(keyed, name))
	}
	return err
}
