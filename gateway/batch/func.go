// Package batch turns single look-ups into calls that carry many keys.
//
// Its one shape is [Func]: what a client method is, what the cache wraps, what
// a [Loader] takes. Everything that is done about loading is a decorator of it.
package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Func loads the values of keys, which are distinct.
//
// It may return values and an error together: the error then explains the keys
// that are missing from the map, all of them, or, when it is a [KeyErrors],
// those it names. A key with neither value nor error is one that the upstream
// does not know. A Func is safe for concurrent use and returns soon after ctx
// ends. It keeps neither keys nor the map.
type Func[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

// KeyErrors explains missing keys one by one; those that it does not name are
// not known to the upstream.
type KeyErrors[K comparable] map[K]error

// Error tells of one of the errors and how many more there are.
func (e KeyErrors[K]) Error() string {
	for _, err := range e {
		if len(e) > 1 {
			return fmt.Sprintf("%v (and %d more)", err, len(e)-1)
		}
		return err.Error()
	}
	return "no errors"
}

// Unwrap gives all of the errors.
func (e KeyErrors[K]) Unwrap() []error {
	errs := make([]error, 0, len(e))
	for _, err := range e {
		errs = append(errs, err)
	}
	return errs
}

// OrNil is e as an error, or nil when it explains nothing.
func (e KeyErrors[K]) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// ErrorOf finds what err, returned by a [Func], says of a key that has no
// value: nil means that the upstream does not know the key.
func ErrorOf[K comparable](err error, key K) error {
	if byKey, ok := errors.AsType[KeyErrors[K]](err); ok {
		return byKey[key]
	}
	return err
}

// Check refuses keys before any call is made for them: those for which valid
// returns an error get that error, the others go on to next.
func Check[K comparable, V any](valid func(K) error, next Func[K, V]) Func[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		var refused KeyErrors[K]
		for i, key := range keys {
			err := valid(key)
			if err == nil {
				if refused != nil {
					keys = append(keys, key)
				}
				continue
			}
			if refused == nil {
				refused = KeyErrors[K]{}
				keys = append(make([]K, 0, len(keys)), keys[:i]...)
			}
			refused[key] = err
		}
		if refused == nil {
			return next(ctx, keys)
		}
		if len(keys) == 0 {
			return nil, refused
		}
		values, err := next(ctx, keys)
		for _, key := range keys {
			if _, ok := values[key]; !ok && ErrorOf(err, key) != nil {
				refused[key] = ErrorOf(err, key)
			}
		}
		return values, refused
	}
}

// Chunks calls next with at most size keys at a time, all calls at once. One
// that fails, or panics, fails its own keys alone.
func Chunks[K comparable, V any](size int, next Func[K, V]) Func[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		if len(keys) <= size {
			return next(ctx, keys)
		}
		var (
			mu     sync.Mutex
			wg     sync.WaitGroup
			all    = make(map[K]V, len(keys))
			failed = KeyErrors[K]{}
		)
		for start := 0; start < len(keys); start += size {
			chunk := keys[start:min(start+size, len(keys))]
			wg.Go(func() {
				values, err := call(ctx, next, chunk)
				mu.Lock()
				defer mu.Unlock()
				for _, key := range chunk {
					if v, ok := values[key]; ok {
						all[key] = v
					} else if e := ErrorOf(err, key); e != nil {
						failed[key] = e
					}
				}
			})
		}
		wg.Wait()
		return all, failed.OrNil()
	}
}

// Each is the Func of an upstream that answers one key a call: it makes all
// calls at once. The bool of get tells whether the upstream knows the key.
func Each[K comparable, V any](get func(ctx context.Context, key K) (V, bool, error)) Func[K, V] {
	return Chunks(1, func(ctx context.Context, keys []K) (map[K]V, error) {
		v, ok, err := get(ctx, keys[0])
		if !ok || err != nil {
			return nil, err
		}
		return map[K]V{keys[0]: v}, nil
	})
}
