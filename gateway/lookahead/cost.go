package lookahead

import (
	"cmp"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// A Cost is the number of upstream calls of an operation with a cold cache.
//
// What the operation itself determines is exact: ids in arguments are counted, and each
// entity once, whatever path leads to it. What only responses will tell is assumed: the
// lengths of lists, from the joins, and that all ids in them are different. Retries,
// and fields without a join, are not included.
type Cost struct {
	Services []Calls `json:"services"` // in order of name, only those that are called

	costNode *costEstimator
	nodes    []*node
}

// Fields returns the fields that lead to loads, nested as in the operation.
func (c *Cost) Fields() []Field { return c.costNode.fields(c.nodes) }

// Calls is the cost for one service.
type Calls struct {
	Service string `json:"service"`
	Keys    int    `json:"keys"` // distinct
	// AtMost is the number of calls if keys that become known at different times
	// are sent in separate batches, AtLeast if all are sent together.
	AtMost  int  `json:"at_most"`
	AtLeast int  `json:"at_least"`
	Assumed bool `json:"assumed"` // includes lists of assumed length
}

// Field is a field of an operation that leads to loads.
type Field struct {
	Name     string // in the response
	Loads    []Load
	Children []Field
}

// Load has the keys of a service that a field is the first to need.
type Load struct {
	Service string
	Keys    int // 0: other fields load them all
	Assumed bool
}

// uncountable is where counts saturate.
const uncountable = 1 << 30

func times(a, b int) int {
	if a != 0 && b > uncountable/a {
		return uncountable
	}
	return a * b
}

// valueSet describes the parents of a field: how many there are, and in how many
// responses they arrive.
type valueSet struct {
	set     int // identifies them, by whatever path they are reached
	sample  any // a stub with what is known of each; nil if nothing is
	count   int
	answers int
	assumed bool
}

// origin is where a set of values comes from. Sets with equal origins are the same.
type origin struct {
	from int // the set of their parents; 0 if the key alone identifies them
	by   any // the loader, or the join
	with any // the key, or the [derivation] of keys
}

// derived returns the values that a join takes from v without a load.
func (v valueSet) derived(c *costEstimator, j *Join, length int, sample any) valueSet {
	set, _ := c.set(origin{from: v.set, by: j})
	return valueSet{set: set, sample: sample, count: times(v.count, length), answers: v.answers, assumed: v.assumed || length != 1}
}

// costEstimator counts the loads of one operation. It visits the same nodes as a run, with
// stubs in place of values, and counts each set of values once.
type costEstimator struct {
	plan   *Plan
	sets   map[origin]int
	seen   map[visitKey]bool
	totals []total // by the number of the loader
	loads  map[*node][]Load
}

// visitKey is a field that was visited for a set of values.
type visitKey struct {
	n   *node
	set int
}

// total is the load of one loader: the keys that are known from the start, and those
// that responses will contain, with the calls that they take.
type total struct {
	known, later, callsLater int
	assumed                  bool
}

// Cost computes the cost of an operation.
func (p *Plan) Cost(op *graphql.OperationContext) *Cost {
	root := p.rootType(op.Operation.Operation)
	if root == nil {
		return &Cost{Services: []Calls{}, costNode: &costEstimator{}}
	}
	nodes := p.selected(op, root)
	c := newCosting(p)
	if op.Operation.Operation != ast.Mutation {
		c.visitAll(nodes, valueSet{count: 1, answers: 1})
		return &Cost{Services: c.services(), costNode: c, nodes: nodes}
	}
	cost := &Cost{Services: []Calls{}, costNode: c, nodes: nodes}
	for _, n := range nodes { // each has loads of its own
		field := newCosting(p)
		field.loads = c.loads
		field.visitAll([]*node{n}, valueSet{count: 1, answers: 1})
		cost.add(field.services())
	}
	return cost
}

func newCosting(p *Plan) *costEstimator {
	return &costEstimator{
		plan: p, sets: map[origin]int{}, seen: map[visitKey]bool{},
		totals: make([]total, len(p.loaders)), loads: map[*node][]Load{},
	}
}

// add adds calls, which are in order of service, to those of c.
func (c *Cost) add(calls []Calls) {
	for _, s := range calls {
		at, found := slices.BinarySearchFunc(c.Services, s.Service, func(have Calls, service string) int { return cmp.Compare(have.Service, service) })
		if !found {
			c.Services = slices.Insert(c.Services, at, s)
			continue
		}
		sum := &c.Services[at]
		sum.Keys = min(sum.Keys+s.Keys, uncountable)
		sum.AtMost = min(sum.AtMost+s.AtMost, uncountable)
		sum.AtLeast = min(sum.AtLeast+s.AtLeast, uncountable)
		sum.Assumed = sum.Assumed || s.Assumed
	}
}

// visitAll counts the loads of nodes below values, once for each set.
func (c *costEstimator) visitAll(nodes []*node, in valueSet) {
	for _, n := range nodes {
		if m := (visitKey{n, in.set}); !c.seen[m] {
			c.seen[m] = true
			n.join.estimate(c, n, in, func(children valueSet) { c.visitAll(n.children, children) })
		}
	}
}

// set returns the number of the set with an origin, and whether it is new.
func (c *costEstimator) set(o origin) (number int, isNew bool) {
	if number, ok := c.sets[o]; ok {
		return number, false
	}
	number = len(c.sets) + 1
	c.sets[o] = number
	return number, true
}

// reckon counts the keys that can be derived from the parents' stub or the arguments
// or, where none can, one key for each parent.
func (s Source[T]) reckon(keys *Keys) func(*costEstimator, *node, valueSet, func(valueSet)) {
	return func(c *costEstimator, n *node, parents valueSet, next func(valueSet)) {
		known := false
		keys.each(parents.sample, n.args, func(key string) {
			if key == "" {
				return
			}
			known = true
			set, isNew := c.set(origin{by: s.loader, with: key})
			c.addKnownKey(n, s.loader, isNew)
			next(valueSet{set: set, sample: s.stub(key), count: s.length, answers: 1, assumed: s.length != 1})
		})
		if known || !keys.ofParent {
			return
		}
		set, isNew := c.set(origin{from: parents.set, by: s.loader, with: keys.of(n)})
		c.addExpectedKeys(n, s.loader, parents, isNew)
		next(valueSet{set: set, sample: s.stub(""), count: times(parents.count, s.length), answers: parents.count, assumed: parents.assumed || s.length != 1})
	}
}

// addKnownKey counts a key that is known before execution.
func (c *costEstimator) addKnownKey(n *node, l loader, isNew bool) {
	t := &c.totals[c.plan.number[l]]
	load := Load{Service: l.Service()}
	if isNew {
		t.known++
		load.Keys = 1
	}
	c.addLoad(n, load)
}

// addExpectedKeys counts the keys that parents will yield once they are loaded: one for each
// parent, in one batch for each response that parents arrive in.
func (c *costEstimator) addExpectedKeys(n *node, l loader, parents valueSet, isNew bool) {
	load := Load{Service: l.Service(), Assumed: parents.assumed}
	if isNew {
		t := &c.totals[c.plan.number[l]]
		answers := max(1, min(parents.answers, parents.count))
		each := (parents.count + answers - 1) / answers
		t.later = min(t.later+parents.count, uncountable)
		t.callsLater = min(t.callsLater+times(answers, l.Calls(each)), uncountable)
		t.assumed = t.assumed || parents.assumed
		load.Keys = parents.count
	}
	c.addLoad(n, load)
}

// addLoad adds load to those of a field.
func (c *costEstimator) addLoad(n *node, load Load) {
	for i, known := range c.loads[n] {
		if known.Service == load.Service {
			c.loads[n][i].Keys = min(known.Keys+load.Keys, uncountable)
			c.loads[n][i].Assumed = known.Assumed || load.Assumed
			return
		}
	}
	c.loads[n] = append(c.loads[n], load)
}

// services sums the totals of the loaders by service.
func (c *costEstimator) services() []Calls {
	all := []Calls{}
	for i, t := range c.totals {
		l := c.plan.loaders[i]
		keys := min(t.known+t.later, uncountable)
		if keys == 0 {
			continue
		}
		at := slices.IndexFunc(all, func(s Calls) bool { return s.Service == l.Service() })
		if at < 0 {
			at = len(all)
			all = append(all, Calls{Service: l.Service()})
		}
		all[at].Keys += keys
		all[at].AtMost += min(keys, l.Calls(t.known)+t.callsLater)
		all[at].AtLeast += l.Calls(keys)
		all[at].Assumed = all[at].Assumed || t.assumed
	}
	slices.SortFunc(all, func(a, b Calls) int { return cmp.Compare(a.Service, b.Service) })
	return all
}

func (c *costEstimator) fields(nodes []*node) (fields []Field) {
	for _, n := range nodes {
		fields = append(fields, Field{Name: n.name, Loads: c.loads[n], Children: c.fields(n.children)})
	}
	return fields
}
