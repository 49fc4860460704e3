package report

import (
	"context"
	"log/slog"
	"sync"
)

// A Request collects what the log line of one HTTP request says about its
// operations. Its methods are safe for concurrent use, and do nothing on nil.
type Request struct {
	ID    string
	Trace string // "" when it is not traced

	mu        sync.Mutex
	count     int // of operations
	operation string
	summary   Summary
}

// RequestKey is the context key of the [*Request].
type RequestKey struct{}

// WithRequest returns a context that carries r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, RequestKey{}, r)
}

// RequestOf returns the request that ctx carries, or nil.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(RequestKey{}).(*Request)
	return r
}

// Ran records an operation of the request, by its bounded name, and where its answer
// came from. Several operations are logged with all their names and the sums of
// their calls.
func (r *Request) Ran(operation string, s Summary) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if r.count == 1 {
		r.operation, r.summary = operation, s
		return
	}
	if r.operation != operation {
		r.operation = "several"
	}
	r.summary = r.summary.with(s)
}

// Attrs appends what was recorded to the attributes of a log record.
func (r *Request) Attrs(attrs []slog.Attr) []slog.Attr {
	if r == nil {
		return attrs
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == 0 {
		return attrs
	}
	if r.count > 1 {
		attrs = append(attrs, slog.Int("operations", r.count))
	}
	attrs = append(attrs, slog.String("operation", r.operation), slog.String("cache", r.summary.Cache()))
	if len(r.summary.Calls) > 0 {
		attrs = append(attrs, slog.Attr{Key: "upstream_calls", Value: r.summary.callsValue()})
	}
	if len(r.summary.Degraded) > 0 {
		attrs = append(attrs, slog.Any("degraded", r.summary.degradedNames()))
	}
	return attrs
}
