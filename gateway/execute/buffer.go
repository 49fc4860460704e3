package execute

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Buffer is what answers are written to. Whenever it grows, and at intervals, it checks
// the limits and the time of the operation and takes memory for it. If the operation is
// stopped, a write panics with [stopWriting], because a marshaler cannot return early;
// [Buffer.marshal] recovers from that.
type Buffer struct {
	b     []byte
	meter *Meter // nil: nothing is checked
	check int    // length from which on a write checks
	limit int    // maximum length; 0: none
	held  int    // bytes that meter holds for b

	deferred []*deferredObject // the objects in b that have deferred fields
}

// stopWriting is the panic of a [Buffer] whose operation was stopped.
type stopWriting struct{}

// The capacities of a buffer: the least, and that up to which it doubles. Beyond, it
// grows by half, so that less of a long answer is empty.
const (
	leastCapacity = 512
	doublesUpTo   = 256 << 10
)

// Write implements [io.Writer]. It never fails.
func (w *Buffer) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > w.check {
		w.more(len(p))
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

// WriteString implements [io.StringWriter]. It never fails.
func (w *Buffer) WriteString(s string) (int, error) {
	if len(w.b)+len(s) > w.check {
		w.more(len(s))
	}
	w.b = append(w.b, s...)
	return len(s), nil
}

// AvailableBuffer returns an empty slice for what is to be written next, like that of
// a bytes.Buffer.
func (w *Buffer) AvailableBuffer() []byte { return w.b[len(w.b):] }

// more makes room for n bytes if they may be written.
func (w *Buffer) more(n int) {
	need := len(w.b) + n
	capacity := cap(w.b)
	if need+len(Closing) > capacity {
		grown := 2 * capacity
		if capacity > doublesUpTo {
			grown = capacity / 2 * 3
		}
		capacity = max(leastCapacity, grown, need+len(Closing))
	}
	if w.meter != nil {
		w.ask(need, capacity)
	}
	if capacity > cap(w.b) {
		w.b = append(make([]byte, 0, capacity), w.b...)
	}
	w.check = min(cap(w.b)-len(Closing), need+checkedBytes)
	if w.limit > 0 {
		w.check = min(w.check, w.limit)
	}
}

// ask panics unless the buffer may have the length need and the given capacity.
func (w *Buffer) ask(need, capacity int) {
	if w.limit > 0 && need > w.limit {
		w.meter.stop(ErrBytes)
	}
	if capacity > spareCapacity && capacity > w.held {
		w.meter.hold(capacity - w.held)
		w.held = capacity
	}
	if !w.meter.check() {
		panic(stopWriting{})
	}
}

// fields counts fields that are about to be written.
func (w *Buffer) fields(n int) {
	if !w.meter.addFields(n) {
		panic(stopWriting{})
	}
}

// marshal writes m, and reports false if the operation was stopped meanwhile.
func (w *Buffer) marshal(m graphql.Marshaler) (whole bool) {
	defer func() {
		v := recover()
		if _, stopped := v.(stopWriting); v != nil && !stopped {
			panic(v)
		}
	}()
	m.MarshalGQL(w)
	return true
}

// bufferOf returns w if it is a [Buffer], and nil otherwise.
func bufferOf(w io.Writer) *Buffer {
	b, _ := w.(*Buffer)
	return b
}
