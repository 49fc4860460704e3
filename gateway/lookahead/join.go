package lookahead

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/gateway/batch"
)

// Joins declares which loads the fields of a schema need, by "Type.field". Scalar
// fields need no entry. A field that loads but has no entry still works: its resolver
// starts the load when it runs, one hop later.
type Joins map[string]*Join

// A Join declares the loads that a field needs, how to derive their keys from the
// field's parent, and the values to which the joins of its subfields apply.
type Join struct {
	loaders []loader
	// prefetch starts the loads of a field under parent and calls next with each
	// value below it, now for what is known and later for what arrives. below
	// holds the loaders that next may reach. The result holds those that could
	// not be reached yet because parent is a stub that does not know enough.
	prefetch func(r *walker, n *node, parent any, below set, next func(child any) set) set
	// estimate counts what visit would load, without loading it.
	estimate func(c *costEstimator, n *node, parents valueSet, next func(children valueSet))
	unseen   bool // what it loads is not known
}

// loader is what the look-ahead needs of a [batch.Loader], whatever it loads.
type loader interface {
	Begin(ctx context.Context, key string)
	Flush(ctx context.Context)
	Service() string
	Calls(keys int) int
}

// Keys derives keys from a parent value or from the arguments of its field. Joins that
// share a Keys share the keys that it derives.
type Keys struct {
	each     func(parent any, args map[string]any, yield func(key string))
	ofParent bool // whether each needs the parent's value
	ofArgs   bool // whether each needs the arguments as well
}

// Arg takes the keys from an argument: an id or a list of ids. Further names lead into an
// input object, and into each of a list, as in Arg("input", "items", "bookId").
func Arg(name string, members ...string) *Keys {
	return &Keys{each: func(_ any, args map[string]any, yield func(string)) { yieldMembers(args[name], members, yield) }}
}

// yieldMembers yields the ids that path leads to in an argument.
func yieldMembers(v any, path []string, yield func(string)) {
	if len(path) == 0 {
		yieldIDs(v, yield)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		yieldMembers(v[path[0]], path[1:], yield)
	case []any:
		for _, e := range v {
			yieldMembers(e, path, yield)
		}
	}
}

// yieldIDs coerces as GraphQL does for ID and [ID!]. It skips values that cannot be
// coerced; the resolver rejects them.
func yieldIDs(v any, yield func(string)) {
	switch v := v.(type) {
	case string:
		yield(v)
	case json.Number, int64, int:
		yield(fmt.Sprint(v))
	case []any:
		for _, e := range v {
			yieldIDs(e, yield)
		}
	case []string:
		for _, e := range v {
			yield(e)
		}
	case []json.Number:
		for _, e := range v {
			yield(string(e))
		}
	}
}

// Key takes the key from the parent; "" means that it is not known yet.
func Key[P any](key func(P) string) *Keys {
	return &Keys{ofParent: true, each: func(parent any, _ map[string]any, yield func(string)) {
		if p, ok := parent.(P); ok {
			yield(key(p))
		}
	}}
}

// A Source adapts a loader of T to the look-ahead.
type Source[T any] struct {
	loader loader
	length int // how many values a key stands for; more than one is an assumption
	// start requests a key and then calls then with its values
	start func(ctx context.Context, key string, then func([]T))
	stub  func(key string) T
}

// One is the source of a loader with one value per key. The stub has what the key alone
// determines of its value. Subfields whose keys are in the stub are loaded in parallel
// with the value instead of after it.
func One[T any](l *batch.Loader[string, *T], stub func(key string) *T) Source[*T] {
	return Source[*T]{loader: l, length: 1, stub: stub,
		start: func(ctx context.Context, key string, then func([]*T)) {
			l.Start(ctx, key, func(v *T, err error) {
				if err != nil || v == nil {
					then(nil)
					return
				}
				then([]*T{v})
			})
		}}
}

// Variant is [One] for a loader whose values are of a union or an interface. What a key
// says of its value is not known before the value's type is.
func Variant[T any](l *batch.Loader[string, T]) Source[T] {
	return Source[T]{loader: l, length: 1, stub: func(string) (none T) { return none },
		start: func(ctx context.Context, key string, then func([]T)) {
			l.Start(ctx, key, func(v T, err error) {
				if err != nil || any(v) == nil {
					then(nil)
					return
				}
				then([]T{v})
			})
		}}
}

// Many is [One] for a loader with a list per key. The stub has what the key determines
// of each element, and length is the list length that costs assume.
func Many[T any](l *batch.Loader[string, []T], length int, stub func(key string) T) Source[T] {
	return Source[T]{loader: l, length: length, stub: stub,
		start: func(ctx context.Context, key string, then func([]T)) {
			l.Start(ctx, key, func(v []T, _ error) { then(v) })
		}}
}

// By returns the join that loads from s by keys.
func (s Source[T]) By(keys *Keys) *Join {
	j := &Join{loaders: []loader{s.loader}, estimate: s.reckon(keys)}
	j.prefetch = func(r *walker, n *node, parent any, below set, next func(any) set) set {
		if n.variant != nil && !keys.ofParent {
			return set{}
		}
		known := false
		keys.each(parent, n.args, func(key string) {
			if key == "" {
				return
			}
			known = true
			if below.empty() { // nothing depends on the value, and the loader deduplicates keys
				r.begin(s.loader, set{})
				s.loader.Begin(r.ctx, key)
				return
			}
			if !r.firstVisit(n, j, key) {
				return
			}
			open := next(s.stub(key))
			r.begin(s.loader, open)
			s.start(r.ctx, key, func(values []T) {
				r.enqueue(func() {
					for _, v := range values {
						next(v)
					}
					r.end(open)
				})
			})
		})
		if known {
			return set{}
		}
		return r.plan.set(s.loader).union(below)
	}
	return j
}

// Then returns a join that applies j, and then following to each of its values.
func (j *Join) Then(following *Join) *Join {
	return &Join{
		loaders: append(append([]loader(nil), j.loaders...), following.loaders...),
		prefetch: func(r *walker, n *node, parent any, below set, next func(any) set) set {
			return j.prefetch(r, n, parent, r.plan.set(following.loaders...).union(below), func(v any) set {
				return following.prefetch(r, n, v, below, next)
			})
		},
		estimate: func(c *costEstimator, n *node, parents valueSet, next func(valueSet)) {
			j.estimate(c, n, parents, func(v valueSet) { following.estimate(c, n, v, next) })
		},
	}
}

// Each is the join of a list field that loads nothing, because its parent contains the
// values. length is the list length that costs assume.
func Each[P, C any](length int, get func(P) []C) *Join {
	j := &Join{
		prefetch: func(_ *walker, _ *node, parent any, below set, next func(any) set) set {
			if p, ok := parent.(P); ok {
				for _, c := range get(p) {
					next(c)
				}
			}
			return below // the list in a stub is never complete
		},
	}
	j.estimate = func(c *costEstimator, _ *node, parents valueSet, next func(valueSet)) {
		next(parents.derived(c, j, length, nil))
	}
	return j
}

// As is the join of a field whose value is computed from its parent.
func As[P, C any](value func(P) C) *Join {
	j := &Join{
		prefetch: func(_ *walker, _ *node, parent any, _ set, next func(any) set) set {
			if p, ok := parent.(P); ok {
				return next(value(p))
			}
			return set{}
		},
	}
	j.estimate = func(c *costEstimator, _ *node, parents valueSet, next func(valueSet)) {
		var sample any
		if p, ok := parents.sample.(P); ok {
			sample = value(p)
		}
		next(parents.derived(c, j, 1, sample))
	}
	return j
}
