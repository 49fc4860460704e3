package waterfall

import (
	"slices"
	"time"

	"tributary/gateway/tracing"
)

// span is a time interval.
type span struct{ from, to time.Time }

// count computes the totals of the steps below root, and what a second run would save.
func (t *Trace) count(root *node) {
	var saved []span
	root.walk(false, func(n *node, cached bool) {
		switch n.Step {
		case tracing.Cache:
			t.Totals.Found += n.number(tracing.FromMemory) + n.number(tracing.FromRedis)
			t.Totals.Missed += n.number(tracing.Missed)
		case tracing.Call:
			attempts, bytes := n.attempts()
			if attempts == 0 { // refused by an open circuit, or not begun
				return
			}
			t.Totals.Calls[n.text(tracing.Service)]++
			t.Totals.Attempts += attempts
			t.Totals.Bytes += bytes
			if n.text(tracing.Outcome) == "ok" && !n.open && cached && n.text(tracing.Write) == "" {
				t.SecondRun.SavedCalls++
				t.SecondRun.SavedBytes += bytes
				if n.critical {
					saved = append(saved, span{n.Start, n.End})
				}
			}
		default:
		}
	})
	t.SecondRun.Saved = ms(unionLength(saved))
}

// walk visits n and what is below it. Cached says whether a step is part of a look-up in the
// cache, which keeps what it loads.
func (n *node) walk(cached bool, visit func(n *node, cached bool)) {
	visit(n, cached)
	for _, part := range n.children {
		part.walk(cached || n.Step == tracing.Cache, visit)
	}
}

func (n *node) attempts() (count, bytes int) {
	for _, part := range n.children {
		if part.Step == tracing.Attempt {
			count++
			bytes += max(0, part.number(tracing.Bytes))
		}
	}
	return count, bytes
}

// unionLength returns the length of the union of spans.
func unionLength(spans []span) (sum time.Duration) {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var end time.Time
	for _, s := range spans {
		from := maxTime(s.from, end)
		if s.to.After(from) {
			sum += s.to.Sub(from)
			end = s.to
		}
	}
	return sum
}
