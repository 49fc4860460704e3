package batch

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// trace sets the attributes of a batch's span, with links to the spans that wait for it.
func (s *operationLoader[K, V]) trace(span tracing.Span, keys []K, waited time.Duration, err error) {
	if !span.IsRecording() {
		return
	}
	span.String(tracing.Service, s.loader.opts.Service)
	span.Int(tracing.Keys, len(keys))
	span.Milliseconds(tracing.Waited, waited)
	if err != nil && !fault.ClientGone(s.ctx) {
		span.SetError(fault.From(err).Kind.Reason())
	}
	names := make([]string, len(keys))
	gone := &batchLinks{batch: span.SpanContext()}
	for i, key := range keys {
		names[i] = fmt.Sprint(key)
		s.futureOf(key).flushLinks(gone)
	}
	span.Details(tracing.KeyList, names)
	span.Link(gone.callers...)
}

// batchLinks is a batch whose span is about to end, and the spans that it is linked with.
type batchLinks struct {
	batch tracing.SpanContext

	mu      sync.Mutex
	callers []tracing.SpanContext
}

// link adds a span and reports whether it is new.
func (s *batchLinks) link(caller tracing.SpanContext) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.callers, caller) {
		return false
	}
	s.callers = append(s.callers, caller)
	return true
}

// futureOf returns the future of a key that has been requested.
func (s *operationLoader[K, V]) futureOf(key K) *future[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.futures[key]
}

// linkWaiter links the span that waits for f with the batch that loads it. The link is in
// the batch's span or, if that has ended, in span.
func (f *future[V]) linkWaiter(span tracing.Span) {
	if !span.IsRecording() {
		return
	}
	ref := span.SpanContext()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.sent == nil:
		f.waiting = append(f.waiting, ref)
	case f.sent.link(ref):
		span.Link(f.sent.batch)
	}
}

// flushLinks adds the spans that wait for f to the links of its batch.
func (f *future[V]) flushLinks(s *batchLinks) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, ref := range f.waiting {
		s.link(ref)
	}
	f.sent, f.waiting = s, nil
}
