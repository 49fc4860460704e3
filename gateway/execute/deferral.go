package execute

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxDeferredFields is the maximum number of deferred fields of one operation that are
// resolved at the same time.
const maxDeferredFields = 200

// Deferral executes what @defer defers in one operation. It replaces the deferred groups of
// gqlgen's runtime, which start a goroutine for each object and never complete if a field
// belongs to one label twice.
//
// An object's deferred fields are collected while the object is resolved, and scheduled
// when it is written. So a part never precedes the object that it belongs to, and nothing
// is deferred below an object that has become null. Parts are delivered by the goroutine
// that calls [Deferral.Parts], which owns all counts; other goroutines only resolve
// fields.
type Deferral struct {
	defers *Defers
	first  payload
	room   atomic.Int64 // number of further parts that the answer may have
	cancel context.CancelFunc
	relay  *relay // of the resolved fields; it has no steps

	// Used by Parts only:
	queue   []*deferredField // to be resolved
	running int              // number of fields being resolved
	groups  int              // number of groups written but not delivered
	done    chan *deferredField
}

// Part is a part of an answer after the first.
type Part struct {
	Path   ast.Path // of the object that it belongs to
	Label  string
	Data   []byte // JSON: the fields to merge into the object, or null if one of them made it invalid
	Errors gqlerror.List
}

// NewDeferral returns a context for an operation of a document with defers, and the
// deferral that gives the parts of its answer after the first: at most parts, and no more
// is deferred. Both end with ctx.
func NewDeferral(ctx context.Context, defers *Defers, parts int) (context.Context, *Deferral) {
	d := &Deferral{defers: defers, done: make(chan *deferredField), relay: newRelay()}
	d.room.Store(int64(parts))
	d.first.deferral = d
	ctx, d.cancel = context.WithCancel(ctx)
	return context.WithValue(ctx, payloadKey{}, &d.first), d
}

// Pending reports whether there are parts after the first. It is called when the first
// has been written.
func (d *Deferral) Pending() bool { return len(d.first.objects) > 0 }

// Parts gives the parts after the first, as they become ready: each time those that are
// ready, and whether there will be more. It can be used once, is to be used if there are
// any, and cancels the context of the operation at its end. If it is ended early, it waits
// for the fields that are being resolved.
func (d *Deferral) Parts(yield func(ready []Part, more bool) bool) {
	defer d.close()
	d.schedule(&d.first)
	for d.groups > 0 {
		d.start()
		if ready := d.wait(); len(ready) > 0 && !yield(ready, d.groups > 0) {
			return
		}
	}
}

// schedule queues the fields that a written payload has deferred.
func (d *Deferral) schedule(p *payload) {
	for _, o := range p.objects {
		d.groups += len(o.groups)
		for _, g := range o.groups {
			for _, f := range g.fields {
				if !f.queued {
					f.queued = true
					d.queue = append(d.queue, f)
				}
			}
		}
	}
	p.objects = nil
}

// start resolves queued fields, as many as may run.
func (d *Deferral) start() {
	for len(d.queue) > 0 && d.running < maxDeferredFields {
		f := d.queue[0]
		d.queue[0], d.queue = nil, d.queue[1:]
		d.running++
		go func() {
			f.resolve()
			d.done <- f
		}()
	}
}

// wait waits for a field to be resolved, and returns the parts that are complete by that
// and by the others that have been resolved meanwhile.
func (d *Deferral) wait() (ready []Part) {
	ready = d.complete(<-d.done, ready)
	for {
		select {
		case f := <-d.done:
			ready = d.complete(f, ready)
		default:
			d.start()
			return ready
		}
	}
}

// complete appends the parts that f was the last field of.
func (d *Deferral) complete(f *deferredField, ready []Part) []Part {
	d.running--
	for _, g := range f.groups {
		g.left--
		if g.left > 0 {
			continue
		}
		d.groups--
		if part, ok := d.part(g); ok {
			ready = append(ready, part)
		}
	}
	return ready
}

// part returns the part of a group. Fields that another group has brought are left out.
// A group without label that has no others is no part.
func (d *Deferral) part(g *deferredGroup) (Part, bool) {
	o := g.object
	part := Part{Path: o.path, Label: d.defers.label(g.number, graphql.GetOperationContext(o.ctx).Variables)}
	MeterOf(o.ctx).addBytes(len(part.Label) + len(part.Path.String()))
	valid := true
	for _, f := range g.fields {
		part.Errors = append(part.Errors, f.errors...)
		f.errors = nil
		valid = valid && !f.invalid
	}
	if !valid {
		part.Data = []byte("null")
		return part, true
	}
	var data bytes.Buffer
	for _, f := range g.fields {
		if f.sent {
			continue
		}
		f.sent = true
		separator := ","
		if data.Len() == 0 {
			separator = "{"
		}
		data.WriteString(separator)
		String(f.alias).MarshalGQL(&data)
		data.WriteByte(':')
		data.Write(f.data)
		f.data = nil
		d.schedule(&f.payload)
	}
	if data.Len() == 0 {
		data.WriteByte('{')
	}
	data.WriteByte('}')
	part.Data = data.Bytes()
	return part, data.Len() > len("{}") || part.Label != "" || len(part.Errors) > 0
}

// close ends what is running.
func (d *Deferral) close() {
	d.cancel()
	for ; d.running > 0; d.running-- {
		<-d.done
	}
}
