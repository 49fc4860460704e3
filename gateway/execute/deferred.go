package execute

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
)

// deferredObject has the deferred fields of one object, in groups: one for each @defer
// that concerns the object. A field may be in several groups.
type deferredObject struct {
	ctx    context.Context //nolint:containedctx // in which the object was resolved
	path   ast.Path
	in     *payload // with which the object is written
	groups []*deferredGroup
	mixed  bool // the fields were selected on several types
}

// deferredGroup becomes one part of the answer when all of its fields are resolved.
type deferredGroup struct {
	object *deferredObject
	number string // of the directive
	fields []*deferredField
	left   int // number of fields that are not resolved yet
}

// deferredField is resolved once and sent with the first of its groups that is complete.
type deferredField struct {
	delayed

	object *deferredObject
	alias  string
	groups []*deferredGroup

	// Set by resolve:
	data    []byte
	invalid bool // null where it must not be: there is no data
	errors  gqlerror.List
	payload payload

	queued, sent bool // used by Deferral.Parts
}

// payload is one unit of writing: the first part, or a deferred field.
type payload struct {
	deferral *Deferral
	objects  []*deferredObject // with deferred fields, that were written with it
}

type payloadKey struct{}

// deferField defers field i and reports whether it did: it does not if ctx has no deferral,
// or if the answer has as many parts as it may have.
func (m *FieldSet) deferField(ctx context.Context, i int, nonNull bool, resolve func(context.Context) graphql.Marshaler) bool {
	o := m.deferred
	if o == nil {
		in, _ := ctx.Value(payloadKey{}).(*payload)
		if in == nil {
			return false
		}
		o = &deferredObject{ctx: ctx, path: graphql.GetPath(ctx), in: in, mixed: m.mixed()}
	}
	if o.mixed && m.written(i) {
		return true // a field of the same name stands for it
	}
	if !o.add(m.fields[i], delayed{resolve: resolve, nonNull: nonNull}) {
		return false
	}
	m.deferred = o
	return true
}

// add adds a field to its groups, and reports whether it has any.
func (o *deferredObject) add(field graphql.CollectedField, d delayed) bool {
	f := &deferredField{delayed: d, object: o, alias: field.Alias}
	for _, number := range o.in.deferral.defers.of(field) {
		if g := o.group(number); g != nil {
			g.fields = append(g.fields, f)
			g.left++
			f.groups = append(f.groups, g)
		}
	}
	return len(f.groups) > 0
}

// addToPayloads adds objects that were written to the payloads that they belong to. It is
// called by the goroutine that writes the payload.
func addToPayloads(objects []*deferredObject) {
	for _, o := range objects {
		o.in.objects = append(o.in.objects, o)
	}
}

// writtenTo records that objects were written to w. A [Buffer] adds them to their payloads
// when it becomes part of the answer: an object in a list may be written ahead, by any
// goroutine, and become null with another one around it.
func writtenTo(w io.Writer, objects ...*deferredObject) {
	if b := bufferOf(w); b != nil {
		b.deferred = append(b.deferred, objects...)
		return
	}
	addToPayloads(objects)
}

// group returns the group of a directive, or nil if there can be none any more.
func (o *deferredObject) group(number string) *deferredGroup {
	for _, g := range o.groups {
		if g.number == number {
			return g
		}
	}
	if o.in.deferral.room.Add(-1) < 0 {
		return nil
	}
	g := &deferredGroup{object: o, number: number}
	o.groups = append(o.groups, g)
	return g
}

// resolve resolves and writes the field.
func (f *deferredField) resolve() {
	f.payload.deferral = f.object.in.deferral
	ctx := graphql.WithFreshResponseContext(f.object.ctx)
	ctx = context.WithValue(ctx, payloadKey{}, &f.payload)
	ctx = batch.WithWaiter(ctx, f.payload.deferral.relay)
	func() {
		defer guard(ctx)
		if value := guarded(ctx, f.delayed.resolve); value != invalid(f.nonNull) {
			f.data = Written(ctx, value).Bytes()
		}
	}()
	f.errors = graphql.GetErrors(ctx)
	if f.data == nil { // nothing that is below it is written either
		f.invalid, f.payload.objects = true, nil
	}
}
