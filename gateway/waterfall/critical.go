package waterfall

import (
	"slices"
	"time"
)

// markCriticalPath marks the critical path of n up to until: going backwards from the end, the child
// that ended last, then the one that had ended last when that started, and so on. It
// returns the time that it reached.
func (n *node) markCriticalPath(until time.Time) time.Time {
	n.critical = true
	parts := slices.Clone(n.children)
	slices.SortStableFunc(parts, func(a, b *node) int { return b.End.Compare(a.End) })
	at := minTime(until, n.End)
	first := true
	for _, part := range parts {
		if part.open || !part.Start.Before(at) || (!first && part.End.After(at)) {
			continue
		}
		at = minTime(at, part.markCriticalPath(at))
		first = false
	}
	return minTime(at, n.Start)
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
