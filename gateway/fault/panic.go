package fault

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Panic is the cause of a failure that was a panic. All callers that waited for
// the code that panicked get the same one.
type Panic struct {
	Value    any
	Stack    []byte
	reported atomic.Bool
}

// Error has the value of the panic, but not the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// First returns true on its first call only. The caller that gets true logs and
// counts the panic.
func (p *Panic) First() bool { return p.reported.CompareAndSwap(false, true) }

// Recovered returns the failure for a panic with value v in code that calls a
// service, "" for none. It must be called in the deferred function that recovers,
// because it records the stack.
func Recovered(service string, v any) *Error {
	return &Error{Kind: Internal, Service: service, Err: &Panic{Value: v, Stack: debug.Stack()}}
}
