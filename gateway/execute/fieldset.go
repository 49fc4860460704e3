package execute

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// FieldSet replaces [graphql.FieldSet]: the fields of one object.
type FieldSet struct {
	Values   []graphql.Marshaler // by field
	Invalids uint32              // number of non-null fields that are null

	fields   []graphql.CollectedField
	delayed  []delayed
	deferred *deferredObject // nil: no field is deferred
	meter    *Meter

	// Space for the values of most objects and for one resolver, so that an object
	// takes one allocation instead of three.
	few [6]graphql.Marshaler
	one [1]delayed
}

// delayed is a field with a resolver.
type delayed struct {
	resolve func(context.Context) graphql.Marshaler
	root    *graphql.RootFieldContext // of a root field
	i       int
	nonNull bool
}

// NewFieldSet returns a set with space for the values of fields, and counts them.
func NewFieldSet(ctx context.Context, fields []graphql.CollectedField) *FieldSet {
	m := &FieldSet{fields: fields, meter: MeterOf(ctx)}
	m.meter.addFields(len(fields))
	m.Values, m.delayed = m.few[:], m.one[:0]
	if len(fields) > len(m.few) {
		m.Values = make([]graphql.Marshaler, len(fields))
	}
	m.Values = m.Values[:len(fields)]
	return m
}

// NewDeferredGroup replaces [graphql.NewDeferredGroup]. It always has no fields, so that
// the generated code does not deliver any: that does [Deferral].
func NewDeferredGroup(ctx context.Context) graphql.DeferredGroup {
	return graphql.DeferredGroup{Context: ctx}
}

// ResolveConcurrently schedules field i to be resolved by [FieldSet.Dispatch], or, if it
// is deferred, by [Deferral.Parts].
func (m *FieldSet) ResolveConcurrently(
	_ *graphql.OperationContext, group *graphql.DeferredGroup, i int, _, nonNull bool,
	resolve func(context.Context) graphql.Marshaler,
) {
	if m.fields[i].IsDeferred() && m.deferField(group.Context, i, nonNull, resolve) {
		return // the value stays nil, which is omitted
	}
	m.delayed = append(m.delayed, delayed{i: i, nonNull: nonNull, resolve: resolve})
}

// ResolveRootConcurrently does the same for a root field, whose context identifies it.
func (m *FieldSet) ResolveRootConcurrently(
	ctx context.Context, oc *graphql.OperationContext, i int, _, nonNull bool,
	resolve func(context.Context) graphql.Marshaler,
) {
	m.delayed = append(m.delayed, delayed{i: i, root: graphql.GetRootFieldContext(ctx), nonNull: nonNull,
		resolve: func(ctx context.Context) graphql.Marshaler {
			return oc.RootResolverMiddleware(ctx, func(ctx context.Context) graphql.Marshaler { return guarded(ctx, resolve) })
		}})
}

// invalid returns the value that makes the object invalid if a field has it.
func invalid(nonNull bool) graphql.Marshaler {
	if nonNull {
		return graphql.Null
	}
	return graphql.RequiredNull
}

// Dispatch resolves the fields that have resolvers, and makes those null that are refused.
func (m *FieldSet) Dispatch(ctx context.Context) {
	m.refuse(ctx)
	switch len(m.delayed) {
	case 0:
	case 1:
		m.resolve(ctx, 0)
	default:
		run(ctx, len(m.delayed), m.resolve)
	}
}

func (m *FieldSet) resolve(ctx context.Context, n int) {
	d := m.delayed[n]
	if m.meter.IsStopped() {
		m.Values[d.i] = graphql.Null
		return
	}
	if d.root != nil {
		ctx = graphql.WithRootFieldContext(ctx, d.root)
	}
	m.Values[d.i] = guarded(ctx, d.resolve)
	if m.Values[d.i] == invalid(d.nonNull) {
		atomic.AddUint32(&m.Invalids, 1)
	}
}

// MarshalGQL writes the object. When what it is written to is part of the answer, so is
// what it has deferred.
func (m *FieldSet) MarshalGQL(w io.Writer) {
	if m.deferred != nil {
		writtenTo(w, m.deferred)
	}
	_, _ = io.WriteString(w, "{")
	mixed := m.mixed()
	some := false
	for i := range m.fields {
		if m.Values[i] == nil || (mixed && m.written(i)) {
			continue
		}
		if some {
			_, _ = io.WriteString(w, ",")
		}
		some = true
		String(m.fields[i].Alias).MarshalGQL(w)
		_, _ = io.WriteString(w, ":")
		m.Values[i].MarshalGQL(w)
	}
	_, _ = io.WriteString(w, "}")
}

// mixed reports whether the fields were selected on several types. gqlgen does not merge
// fields of unrelated interfaces.
func (m *FieldSet) mixed() bool {
	for i := range m.fields {
		if m.fields[i].ObjectDefinition != m.fields[0].ObjectDefinition {
			return true
		}
	}
	return false
}

// written reports whether a field before i has the same response name.
func (m *FieldSet) written(i int) bool {
	for before := range i {
		if m.fields[before].Alias == m.fields[i].Alias {
			return true
		}
	}
	return false
}
