// Package batch deduplicates and batches loads by key within an operation, so that
// resolvers can load single entities and a service still gets one call for many.
//
// # Funcs
//
// The central type is [Func], which loads the values of many keys at once. A client
// method is a Func, the cache decorates one, and a [Loader] is built on one. Decorators
// adapt it to what a service can do: [PerKey] for services that take one key per call,
// [Chunks] for a maximum number of keys per call, [Validate] for the validation of keys,
// [Default] for the value of unknown keys, and [LimitConcurrency] for a limit of concurrent calls
// per operation.
//
// # Loaders
//
// A [Loader] collects the keys that the resolvers of an operation request, loads them
// in batches, and loads each key once. It holds no data of requests and lives as long
// as the process:
//
//	books := batch.NewLoader(client.Books, batch.Options{Service: "books"})
//
// The state of an operation is in the [Scope] of its context:
//
//	ctx = batch.WithScope(ctx)
//	book, err := books.Load(ctx, "b1")
//
// A batch is sent when [Loader.Flush] is called, or when no key has arrived for
// [Options.Gap], or after [Options.Linger]. [Loader.Begin] and [Loader.Start] request a
// key ahead of the resolver that needs it.
//
// # Errors and deadlines
//
// A failed call fails only the keys that it did not return. A key with neither value
// nor error does not exist. Callers can stop waiting when their own context ends; the
// load continues for others until the context of the scope ends.
package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Func loads the values of keys, which are distinct.
//
// It may return values and an error together: the error then explains the keys
// that are missing from the map, all of them, or, when it is a [KeyErrors],
// those it names. A key with neither value nor error is one that the upstream
// does not know. A Func is safe for concurrent use and returns soon after ctx
// ends. It keeps neither keys nor the map.
type Func[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

// KeyErrors has an error per missing key. A missing key that it does not have is
// unknown to the upstream.
type KeyErrors[K comparable] map[K]error

// Error has one of the errors and the number of others.
func (e KeyErrors[K]) Error() string {
	for _, err := range e {
		if len(e) > 1 {
			return fmt.Sprintf("%v (and %d more)", err, len(e)-1)
		}
		return err.Error()
	}
	return "no errors"
}

// Unwrap returns all of the errors.
func (e KeyErrors[K]) Unwrap() []error {
	errs := make([]error, 0, len(e))
	for _, err := range e {
		errs = append(errs, err)
	}
	return errs
}

// OrNil returns e as an error, or nil if it is empty.
func (e KeyErrors[K]) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// ErrorOf returns the error of a key without a value, given the error of the [Func]:
// nil means that the upstream does not know the key.
func ErrorOf[K comparable](err error, key K) error {
	if byKey, ok := errors.AsType[KeyErrors[K]](err); ok {
		return byKey[key]
	}
	return err
}

// Validate validates keys before they are loaded: those for which valid returns an error
// get that error, and the others are passed to next.
func Validate[K comparable, V any](valid func(K) error, next Func[K, V]) Func[K, V] {
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

// Default returns value for the keys that the upstream of next does not know.
func Default[K comparable, V any](value V, next Func[K, V]) Func[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		values, err := next(ctx, keys)
		for _, key := range keys {
			if _, ok := values[key]; ok || ErrorOf(err, key) != nil {
				continue
			}
			if values == nil {
				values = make(map[K]V, len(keys))
			}
			values[key] = value
		}
		return values, err
	}
}

// maxCalls is the maximum number of calls that [Chunks] makes in parallel.
const maxCalls = 128

// Chunks calls next with at most size keys per call, in parallel, [maxCalls] at a time. A
// call that fails, or panics, fails only its own keys.
func Chunks[K comparable, V any](size int, next Func[K, V]) Func[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		if len(keys) <= size {
			return next(ctx, keys)
		}
		var (
			mu     sync.Mutex
			calls  errgroup.Group
			all    = make(map[K]V, len(keys))
			failed = KeyErrors[K]{}
		)
		calls.SetLimit(maxCalls)
		for start := 0; start < len(keys); start += size {
			chunk := keys[start:min(start+size, len(keys))]
			calls.Go(func() error {
				values, err := callSafely(ctx, next, chunk)
				mu.Lock()
				defer mu.Unlock()
				for _, key := range chunk {
					if v, ok := values[key]; ok {
						all[key] = v
					} else if e := ErrorOf(err, key); e != nil {
						failed[key] = e
					}
				}
				return nil
			})
		}
		_ = calls.Wait() // failures are those of keys
		return all, failed.OrNil()
	}
}

// PerKey returns a Func for an upstream that takes one key per call. It makes the calls
// in parallel. The bool that get returns says whether the upstream knows the key.
func PerKey[K comparable, V any](get func(ctx context.Context, key K) (V, bool, error)) Func[K, V] {
	return Chunks(1, func(ctx context.Context, keys []K) (map[K]V, error) {
		v, ok, err := get(ctx, keys[0])
		if !ok || err != nil {
			return nil, err
		}
		return map[K]V{keys[0]: v}, nil
	})
}
