package fault

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Panic is the cause of a failure that was a panic. Many may wait for what
// panicked and get the same one.
type Panic struct {
	Value any
	Stack []byte
	told  atomic.Bool
}

// Error tells the value; the stack is too long for that.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// First tells whether it is asked for the first time: whoever is told so logs
// and counts the panic.
func (p *Panic) First() bool { return p.told.CompareAndSwap(false, true) }

// Recovered is the failure of a service, "" for none, in whose code something
// panicked with v. It is called where that is recovered, so that it has the stack.
func Recovered(service string, v any) *Error {
	return &Error{Kind: Internal, Service: service, Err: &Panic{Value: v, Stack: debug.Stack()}}
}
