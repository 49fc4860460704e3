// Package mutation is the state of a mutation that is being executed: the idempotency keys
// of its writes, and whether one of them may have been executed. Its root fields are
// executed one after the other.
package mutation

import (
	"context"
	"crypto/rand"
	"sync/atomic"

	"tributary/gateway/internal/digest"
)

// An Origin tells the mutations of clients apart. One that is repeated with the same key has
// the same origin.
type Origin struct {
	Viewer string // who sent it; "" if that is not known
	Key    string // the client's Idempotency-Key; "" if it sent none
	Index  int    // of the operation in a batch
}

// ValidKey reports whether a client may send key as its Idempotency-Key: it has 1 to 255
// visible ASCII characters.
func ValidKey(key string) bool {
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(key) >= 1 && len(key) <= 255
}

// An Operation is a mutation. It is safe for concurrent use.
type Operation struct {
	origin Origin
	sent   atomic.Bool
}

// MayHaveExecuted reports whether a write of the operation may have been executed.
func (o *Operation) MayHaveExecuted() bool { return o != nil && o.sent.Load() }

// A Field is a root field of a mutation. It is safe for concurrent use. A nil Field is that
// of a write that belongs to no mutation.
type Field struct {
	operation *Operation
	seed      string // of its keys
	keys      atomic.Uint64
	sent      atomic.Bool
}

type (
	operationKey struct{}
	fieldKey     struct{}
)

// With returns a context for the execution of a mutation.
func With(ctx context.Context, origin Origin) context.Context {
	return context.WithValue(ctx, operationKey{}, &Operation{origin: origin})
}

// From returns the mutation of ctx, or nil.
func From(ctx context.Context) *Operation {
	o, _ := ctx.Value(operationKey{}).(*Operation)
	return o
}

// WithField returns a context for the execution of a root field, by its name in the
// response. Without a mutation in ctx it is ctx.
func WithField(ctx context.Context, name string) context.Context {
	o := From(ctx)
	if o == nil {
		return ctx
	}
	f := &Field{operation: o}
	if o.origin.Key == "" {
		f.seed = rand.Text()
	} else {
		seed := digestOf(o.origin.Viewer, o.origin.Key, name, uint64(o.origin.Index)) //nolint:gosec // G115: not negative
		f.seed = string(seed[:])
	}
	return context.WithValue(ctx, fieldKey{}, f)
}

// FieldOf returns the root field of ctx, or nil.
func FieldOf(ctx context.Context) *Field {
	f, _ := ctx.Value(fieldKey{}).(*Field)
	return f
}

// Key returns the Idempotency-Key of the field's next write. If the client has sent one, it
// is derived from that, so that a request which the client repeats has the same keys, and
// repeatable is true. A resolver that makes several writes must make them in a fixed order.
func (f *Field) Key() (key string, repeatable bool) {
	if f == nil {
		return rand.Text(), false
	}
	return digestOf(f.seed, "", "", f.keys.Add(1)).Base64(24), f.operation.origin.Key != ""
}

// Sent records that a write of the field may have been executed.
func (f *Field) Sent() {
	if f != nil {
		f.sent.Store(true)
		f.operation.sent.Store(true)
	}
}

// MayHaveExecuted reports whether a write of the field may have been executed.
func (f *Field) MayHaveExecuted() bool { return f != nil && f.sent.Load() }

// digestOf returns a hash that differs for different arguments.
func digestOf(viewer, key, name string, number uint64) digest.Sum {
	s := digest.NewSequence()
	s.Text(viewer)
	s.Text(key)
	s.Text(name)
	s.Number(number)
	return s.Sum()
}
