package execute

import (
	"bytes"
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Opening precedes the data in a response without errors, and Closing follows them.
const (
	Opening = `{"data":`
	Closing = "}\n"
)

// Written returns what m writes, in a buffer of its own, or an empty one if the operation
// of ctx was stopped.
func Written(ctx context.Context, m graphql.Marshaler) *bytes.Buffer {
	meter := MeterOf(ctx)
	if meter == nil {
		w := &Buffer{}
		m.MarshalGQL(w)
		addToPayloads(w.deferred)
		return bytes.NewBuffer(w.b)
	}
	return bytes.NewBuffer(meter.write(m))
}

// write returns the data that data writes.
func (m *Meter) write(data graphql.Marshaler) []byte {
	if m.IsStopped() {
		return nil
	}
	w := m.buffer(Opening)
	if !w.marshal(data) {
		return nil
	}
	document := m.finish(w)
	written := document[len(Opening):]
	if m.written.Load() == 0 {
		m.document = document
	}
	if !m.addBytes(len(written)) { // together with parts written meanwhile
		return nil
	}
	addToPayloads(w.deferred)
	return written
}

// addBytes counts n bytes of the answer, and reports whether the operation may go on.
func (m *Meter) addBytes(n int) bool {
	if m == nil {
		return true
	}
	if m.written.Add(int64(n)) > int64(m.limits.Bytes) && m.limits.Bytes > 0 {
		m.stop(ErrBytes)
	}
	return !m.IsStopped()
}

// flatten returns what set writes in place of set, which takes several times the memory.
func (m *Meter) flatten(set *FieldSet) graphql.Marshaler {
	w := m.buffer("")
	if !w.marshal(set) {
		return graphql.Null
	}
	f := &flat{b: m.finish(w), deferred: w.deferred, meter: m}
	m.hold(flatOverhead)
	if m.flat.Add(int64(len(f.b))) > int64(m.bytesLeft()) && m.limits.Bytes > 0 {
		m.stop(ErrBytes)
	}
	return f
}

// flattenedFrom is the number of fields of an answer from which on the objects in its
// lists are flattened as they are completed. Smaller answers are written in one go, which
// is faster.
const flattenedFrom = 2048

func (m *Meter) flattens() bool { return m != nil && m.fields.Load() > flattenedFrom }

// buffer returns a buffer that contains opening and has the limit of what is left.
func (m *Meter) buffer(opening string) *Buffer {
	w := &Buffer{b: append(m.memory.get(), opening...), meter: m}
	w.check = min(cap(w.b)-len(Closing), checkedBytes)
	if m.limits.Bytes > 0 {
		w.limit = max(1, m.bytesLeft()+len(opening))
		w.check = min(w.check, w.limit)
	}
	return w
}

func (m *Meter) bytesLeft() int { return m.limits.Bytes - int(m.written.Load()) }

// finish returns what w contains, with room for [Closing].
func (m *Meter) finish(w *Buffer) []byte {
	if cap(w.b) > spareCapacity {
		return w.b
	}
	b := append(make([]byte, 0, len(w.b)+len(Closing)), w.b...)
	m.memory.put(w.b)
	m.hold(cap(b))
	return b
}

// flatOverhead is the approximate memory in bytes of a [flat] without its text.
const flatOverhead = 64

// flat is an object that was flattened.
type flat struct {
	b        []byte
	deferred []*deferredObject
	meter    *Meter // nil: it was written
}

// MarshalGQL writes the object.
func (f *flat) MarshalGQL(w io.Writer) {
	_, _ = w.Write(f.b)
	writtenTo(w, f.deferred...)
	if f.meter != nil {
		f.meter.flat.Add(-int64(len(f.b)))
		f.meter.hold(-cap(f.b) - flatOverhead)
		f.meter = nil
	}
}
