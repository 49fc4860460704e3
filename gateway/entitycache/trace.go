package entitycache

import (
	"slices"

	"tributary/gateway/tracing"
)

// lookupStats counts where the keys of a look-up were found.
type lookupStats struct{ memory, redis, stale, missed, failed int }

// add counts the result of waiting for a load.
func (n *lookupStats) add(l *load, err error) {
	switch {
	case err != nil:
		n.failed++
	case !l.done.Load() || l.err != nil:
		n.stale++
	case l.calledUpstream:
		n.missed++
	default:
		n.redis++
	}
}

// outcome summarizes a lookup in one word: where all keys were found, or mixed.
func (n *lookupStats) outcome(keys int) string {
	switch keys {
	case n.memory:
		return tierMemory
	case n.redis:
		return tierRedis
	case n.stale:
		return "stale"
	case n.missed:
		return "miss"
	case n.failed:
		return "failed"
	}
	return "mixed"
}

func (n *lookupStats) trace(span tracing.Span, kind Kind, keys []string) {
	if !span.IsRecording() {
		return
	}
	span.String(tracing.Kind, kind.Name)
	span.String(tracing.Service, kind.Service)
	span.String(tracing.Outcome, n.outcome(len(keys)))
	for _, count := range []struct {
		key tracing.Key
		n   int
	}{
		{tracing.FromMemory, n.memory}, {tracing.FromRedis, n.redis}, {tracing.Stale, n.stale},
		{tracing.Missed, n.missed}, {tracing.Failed, n.failed},
	} {
		if count.n > 0 {
			span.Int(count.key, count.n)
		}
	}
	span.Int(tracing.Keys, len(keys))
	span.Details(tracing.KeyList, keys)
}

// traceShared links the span of a lookup with the loads of others that it waits for.
func traceShared(span tracing.Span, others []tracing.SpanContext) {
	if !span.IsRecording() || len(others) == 0 {
		return
	}
	span.Int(tracing.Coalesced, len(others))
	slices.SortFunc(others, tracing.SpanContext.Compare)
	span.Link(slices.Compact(others)...)
}
