package report

import (
	"context"
	"log/slog"
	"sync"
)

// A Request is what is noted of one HTTP request for its line in the log. Its
// methods are safe for concurrent use, and a nil Request forgets what it is told.
type Request struct {
	ID    string
	Trace string // "" when it is not traced

	mu        sync.Mutex
	count     int // of operations
	operation string
	summary   Summary
}

// RequestKey is the key under which a context has the [*Request] that it
// belongs to.
type RequestKey struct{}

// WithRequest returns a context that belongs to r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, RequestKey{}, r)
}

// RequestOf gives the request that ctx belongs to, nil if there is none.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(RequestKey{}).(*Request)
	return r
}

// Ran notes an operation that ran for the request, by a name that is one of
// few, and where its answer came from. Of several the names count, and what
// they asked for together.
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

// Attrs appends what was noted to the attributes of a line in the log.
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
