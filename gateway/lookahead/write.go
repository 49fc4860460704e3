package lookahead

import (
	"context"
	"slices"
)

// Write is the join of a mutation's field that makes a call to a service for each entry in
// the response. length is the number of values that costs assume the call to return, 1 for a
// single one.
func Write(service string, length int) *Join {
	w := &write{service}
	j := &Join{
		loaders:  []loader{w},
		prefetch: func(*walker, *node, any, set, func(any) set) set { return set{} },
	}
	j.estimate = func(c *costEstimator, n *node, in valueSet, next func(valueSet)) {
		c.addKnownKey(n, w, true)
		set, _ := c.set(origin{from: in.set, by: j, with: n})
		next(valueSet{set: set, count: length, answers: 1, assumed: length != 1})
	}
	return j
}

// After returns the join of a field that loads what loads says before it does what j does.
// Only the values of j have subfields. Its loads are counted and not started ahead.
func (j *Join) After(loads *Join) *Join {
	return &Join{
		loaders:  slices.Concat(loads.loaders, j.loaders),
		prefetch: j.prefetch,
		estimate: func(c *costEstimator, n *node, parents valueSet, next func(valueSet)) {
			loads.estimate(c, n, parents, func(valueSet) {})
			j.estimate(c, n, parents, next)
		},
	}
}

// write is a call that is made once for each field.
type write struct{ service string }

func (*write) Begin(context.Context, string) {}
func (*write) Flush(context.Context)         {}
func (w *write) Service() string             { return w.service }
func (*write) Calls(keys int) int            { return keys }
