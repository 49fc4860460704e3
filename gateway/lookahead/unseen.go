package lookahead

import (
	"maps"
	"slices"
)

// Unseen is the join of a field whose resolver is written by hand, before it has a join of
// its own: what the resolver loads is neither started ahead nor counted. Fields below it
// are counted, for length values under each parent, and loaded when they are reached.
// [Plan.Unseen] names such fields.
func Unseen(length int) *Join {
	j := Computed(length)
	j.unseen = true
	return j
}

// Computed is the join of a field whose resolver loads nothing: it computes its values,
// length under each parent. Fields below it are treated as those below [Unseen] are.
func Computed(length int) *Join {
	return &Join{
		prefetch: func(*walker, *node, any, set, func(any) set) set { return set{} },
		estimate: func(c *costEstimator, n *node, parents valueSet, next func(valueSet)) {
			set, _ := c.set(origin{from: parents.set, by: n}) // arguments may make each alias another value
			next(valueSet{set: set, count: times(parents.count, length), answers: parents.answers, assumed: true})
		},
	}
}

// Unseen returns the fields whose loads the plan does not know, in order of name, as in
// "Author.portrait".
func (p *Plan) Unseen() (fields []string) {
	for _, name := range slices.Sorted(maps.Keys(p.joins)) {
		if p.joins[name].unseen {
			fields = append(fields, name)
		}
	}
	return fields
}
