package execute

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"tributary/gateway/batch"
)

// Limits of the answer of one operation. A limit of 0 does not exist.
type Limits struct {
	Fields int // in the answer; an element of a list of scalars counts as one
	Bytes  int // of the data, of all parts together
	Errors int // more are counted, but not kept
}

// The reasons for which a [Meter] stops an operation.
var (
	ErrFields   = errors.New("the response has too many fields")
	ErrBytes    = errors.New("the response has too many bytes")
	ErrMemory   = errors.New("the memory budget for responses in flight is exhausted")
	ErrLoaded   = errors.New("the operation holds too much loaded data")
	ErrOvertime = errors.New("the response is not complete long after its deadline")
)

// Meter counts what the answer of one operation consists of while it is being made, and
// stops the operation when it reaches a limit. An operation that was stopped resolves and
// writes nothing more, its loads are canceled, and its data are worthless. It is safe for
// concurrent use; a nil Meter counts nothing.
//
// It is the context of the operation as well.
type Meter struct {
	context.Context //nolint:containedctx // it is one; see above

	limits Limits
	memory *Memory
	until  context.Context //nolint:containedctx // memory is given back when it ends
	cancel context.CancelFunc

	fields  atomic.Int64
	errors  atomic.Int64
	late    atomic.Int64          // checks since the time was over
	stopped atomic.Pointer[error] // nil: it goes on

	written  atomic.Int64 // bytes of data written, of all parts
	flat     atomic.Int64 // bytes of elements that were written ahead and are not yet in the data
	held     atomic.Int64 // bytes in memory
	acquired atomic.Int64 // of these, from memory
	mu       sync.Mutex   // while more is acquired
	returned bool         // what was acquired has been given back
	document []byte       // the first data, with the opening of the response
}

type meterKey struct{}

// NewMeter returns the context for executing an operation within limits. What its answer
// takes from memory is given back when until ends, which should be when the answer was
// sent; nil means when m is released. m must be released when the operation has ended.
func NewMeter(ctx, until context.Context, limits Limits, memory *Memory) *Meter {
	m := &Meter{limits: limits, memory: memory, until: until}
	m.Context, m.cancel = context.WithCancel(ctx)
	return m
}

// Value implements [context.Context].
func (m *Meter) Value(key any) any {
	if key == (meterKey{}) || batch.IsHolderKey(key) {
		return m
	}
	return m.Context.Value(key)
}

// MeterOf returns the meter of ctx, or nil.
func MeterOf(ctx context.Context) *Meter {
	// Below a relay this is quicker, since contexts of nested fields form a long chain.
	if r, ok := batch.WaiterOf(ctx).(*relay); ok && r.meter != nil {
		return r.meter
	}
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

// Release ends the context of the operation.
func (m *Meter) Release() { m.cancel() }

// stop stops the operation, unless it was stopped before. Its loads end as if the client
// had disconnected, so that no service is blamed.
func (m *Meter) stop(why error) {
	if m.stopped.CompareAndSwap(nil, &why) {
		m.cancel()
	}
}

// IsStopped reports whether the operation was stopped.
func (m *Meter) IsStopped() bool { return m != nil && m.stopped.Load() != nil }

// Stopped returns why the operation was stopped, or nil if it was not.
func (m *Meter) Stopped() error {
	if m == nil {
		return nil
	}
	if why := m.stopped.Load(); why != nil {
		return *why
	}
	return nil
}

// The number of fields and of bytes between two checks. It is what other goroutines wait
// for, about a tenth of a millisecond, times the number of large answers being made.
const (
	checkedFields = 64
	checkedBytes  = 16 << 10
)

// An operation whose time is over is stopped after so many checks, or at the first check
// after so much time. An answer in which the fields that were not resolved in time are
// null is completed by then, unless it is very large.
const (
	overtimeChecks = 128
	overtime       = 500 * time.Millisecond
)

// addFields counts n fields before they are resolved or written, and reports whether
// they should be.
func (m *Meter) addFields(n int) bool {
	if m == nil {
		return true
	}
	count := m.fields.Add(int64(n))
	if m.limits.Fields > 0 && count > int64(m.limits.Fields) {
		m.stop(ErrFields)
	}
	if count/checkedFields != (count-int64(n))/checkedFields {
		return m.check()
	}
	return !m.IsStopped()
}

// check reports whether the operation may go on. It stops one whose client has
// disconnected, and one that should have ended long ago. It also lets other goroutines
// run, because a large answer is made without ever waiting.
func (m *Meter) check() bool {
	runtime.Gosched()
	if err := m.Err(); err != nil {
		at, _ := m.Deadline()
		if !errors.Is(err, context.DeadlineExceeded) || m.late.Add(1) > overtimeChecks || time.Since(at) > overtime {
			m.stop(ErrOvertime)
		}
	}
	return !m.IsStopped()
}

// AddError counts an error and reports whether it is to be kept.
func (m *Meter) AddError() bool {
	if m == nil {
		return true
	}
	if m.IsStopped() {
		return false
	}
	return m.errors.Add(1) <= int64(m.limits.Errors) || m.limits.Errors == 0
}

// ErrorsOmitted returns the number of errors that were not kept.
func (m *Meter) ErrorsOmitted() int {
	if m == nil || m.limits.Errors == 0 {
		return 0
	}
	return max(0, int(m.errors.Load())-m.limits.Errors)
}

// Document returns the first data that were written, after [Opening] and with room for
// the closing of a response.
func (m *Meter) Document() []byte { return m.document }
