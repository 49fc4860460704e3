package batch

import (
	"fmt"
	"slices"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// trace notes a batch in its span, with links to the steps that wait for it.
func (s *loads[K, V]) trace(span tracing.Span, keys []K, waited time.Duration, err error) {
	if !span.On() {
		return
	}
	span.String(tracing.Service, s.loader.opts.Service)
	span.Int(tracing.Keys, len(keys))
	span.Milliseconds(tracing.Waited, waited)
	if err != nil {
		span.Fail(fault.From(err).Kind.Reason())
	}
	names := make([]string, len(keys))
	var callers []tracing.Ref
	for i, key := range keys {
		names[i] = fmt.Sprint(key)
		for _, caller := range s.known(key).callers() {
			if !slices.Contains(callers, caller) {
				callers = append(callers, caller)
			}
		}
	}
	span.Details(tracing.KeyList, names)
	span.Link(callers...)
}

// known is the future of a key that has been asked for.
func (s *loads[K, V]) known(key K) *future[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.futures[key]
}

// waitsIn notes the step that waits for f.
func (f *future[V]) waitsIn(span tracing.Span) {
	if !span.On() {
		return
	}
	ref := span.Ref()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.waiting, ref) {
		f.waiting = append(f.waiting, ref)
	}
}

func (f *future[V]) callers() []tracing.Ref {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiting
}
