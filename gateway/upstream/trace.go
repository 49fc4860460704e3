package upstream

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"

	"tributary/gateway/tracing"
)

type sentKey struct{}

// startCall starts the span of a call. If it is recorded, its attempts are numbered.
func (f *figures) startCall(r *http.Request) (*http.Request, tracing.Span) {
	ctx, span := tracing.Start(r.Context(), tracing.Call, "call", f.service)
	if !span.IsRecording() {
		return r, span
	}
	markWrite(span, r)
	return r.WithContext(context.WithValue(ctx, sentKey{}, new(atomic.Int64))), span
}

func markWrite(span tracing.Span, r *http.Request) {
	if deliveryOf(r.Context()) != nil {
		span.String(tracing.Write, "true")
	}
}

func (f *figures) endCall(span tracing.Span, outcome string) {
	span.String(tracing.Service, f.service)
	end(span, outcome)
}

// startAttempt starts the span of an attempt and propagates the trace to the service,
// even if this process does not record it.
func (f *figures) startAttempt(r *http.Request) (*http.Request, tracing.Span) {
	if tracing.ID(r.Context()) == "" {
		return r, tracing.Span{}
	}
	ctx, span := tracing.StartClient(r.Context(), tracing.Attempt, r.Method, r.Pattern)
	if sent, ok := ctx.Value(sentKey{}).(*atomic.Int64); ok {
		span.Int(tracing.Resend, int(sent.Add(1)-1))
	}
	r = r.WithContext(ctx)
	r.Header = r.Header.Clone() // concurrent attempts share it
	tracing.Inject(ctx, r.Header)
	return r, span
}

// endAttempt ends the span of an attempt with its result.
func (f *figures) endAttempt(span tracing.Span, r *http.Request, got reply, outcome string) {
	if !span.IsRecording() {
		return
	}
	span.String(tracing.Service, f.service)
	span.String(tracing.AttemptKind, kindOf(r.Context()))
	span.String(tracing.Method, r.Method)
	span.String(tracing.Template, r.Pattern)
	markWrite(span, r)
	span.String(tracing.Server, r.URL.Hostname())
	if port, err := strconv.Atoi(r.URL.Port()); err == nil {
		span.Int(tracing.Port, port)
	}
	span.Detail(tracing.Path, r.URL.EscapedPath())
	if got.status > 0 {
		span.Int(tracing.Status, got.status)
		span.Int(tracing.Bytes, len(got.body))
	}
	end(span, outcome)
}

func end(span tracing.Span, outcome string) {
	span.String(tracing.Outcome, outcome)
	if outcome != outcomeOK && outcome != canceled {
		span.SetError(outcome)
	}
	span.End()
}
