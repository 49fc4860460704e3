package report

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// MaxLines is the maximum number of lines that one request has in the log.
const MaxLines = 20

// A Request collects what the log line of one HTTP request says about its
// operations, and counts its other lines. Its methods are safe for concurrent use, and
// do nothing on nil.
type Request struct {
	ID    string
	Trace string // "" when it is not traced
	Quiet bool   // its line is of use for debugging only, unless it fails

	whole      *Request     // that this is a part of; nil if it is none
	lines      atomic.Int32 // that were to be logged, but for the one of the request itself
	suppressed atomic.Int32 // of these

	mu        sync.Mutex
	count     int // of operations
	operation Operation
	summary   Summary
}

// Operation is what the log line of a request says of an operation.
type Operation struct {
	Name     string // as the client sent it, but of bounded length; "" if it has none
	Document string // a short hash of its document; "" if that is not known
	Errors   int    // in its result
	Code     string // of the first of them
}

// RequestKey is the context key of the [*Request].
type RequestKey struct{}

// WithRequest returns a context that carries r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, RequestKey{}, r)
}

// RequestFrom returns the request that ctx carries, or nil.
func RequestFrom(ctx context.Context) *Request {
	r, _ := ctx.Value(RequestKey{}).(*Request)
	return r
}

// Part returns a request for one of many operations that come by a single HTTP request, as
// over a WebSocket. It has lines of its own; everything else belongs to r.
func (r *Request) Part() *Request {
	if r == nil {
		return nil
	}
	return &Request{ID: r.ID, Trace: r.Trace, whole: r}
}

// MayLog counts a line of the log, other than that of the request itself, and reports
// whether it may be written: if the request is below its limit.
func (r *Request) MayLog() bool {
	if r == nil || r.lines.Add(1) < MaxLines {
		return true
	}
	r.suppressed.Add(1)
	if r.whole != nil {
		r.whole.suppressed.Add(1)
	}
	return false
}

// AddOperation records an operation of the request, and where its result came from. Several
// operations are logged together, with the sums of their calls and errors.
func (r *Request) AddOperation(o Operation, s Summary) {
	if r == nil {
		return
	}
	if r.whole != nil {
		r.whole.AddOperation(o, s)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if r.count == 1 {
		r.operation, r.summary = o, s
		return
	}
	r.operation = r.operation.with(o)
	r.summary = r.summary.merge(s)
}

// severalOperations is the name of operations with different names.
const severalOperations = "several"

// with returns what is logged of o and another operation.
func (o Operation) with(other Operation) Operation {
	if o.Name != other.Name {
		o.Name = severalOperations
	}
	if o.Document != other.Document {
		o.Document = ""
	}
	o.Errors += other.Errors
	o.Code = cmp.Or(o.Code, other.Code)
	return o
}

// Attrs appends what was recorded to the attributes of a log record.
func (r *Request) Attrs(attrs []slog.Attr) []slog.Attr {
	if r == nil {
		return attrs
	}
	if n := r.suppressed.Load(); n > 0 {
		attrs = append(attrs, slog.Int("lines_suppressed", int(n)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == 0 {
		return attrs
	}
	if r.count > 1 {
		attrs = append(attrs, slog.Int("operations", r.count))
	}
	attrs = append(r.operation.attrs(attrs), slog.String("cache", r.summary.Cache()))
	if len(r.summary.Calls) > 0 {
		attrs = append(attrs, slog.Attr{Key: "upstream_calls", Value: r.summary.callsValue()})
	}
	if len(r.summary.Degraded) > 0 {
		attrs = append(attrs, slog.Any("degraded", r.summary.degradedNames()))
	}
	return attrs
}

func (o Operation) attrs(attrs []slog.Attr) []slog.Attr {
	attrs = append(attrs, slog.String("operation", o.Name))
	if o.Document != "" {
		attrs = append(attrs, slog.String("document", o.Document))
	}
	if o.Errors > 0 {
		attrs = append(attrs, slog.Int("errors", o.Errors), slog.String("code", o.Code))
	}
	return attrs
}
