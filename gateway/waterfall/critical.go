package waterfall

import (
	"slices"
	"time"
)

// mark finds what the end of n, at until, had to wait for: from the end
// backwards, the part that ended last, then the part that had ended last when
// that began, and so on. It returns how far back it came.
func (n *node) mark(until time.Time) time.Time {
	n.critical = true
	parts := slices.Clone(n.parts)
	slices.SortStableFunc(parts, func(a, b *node) int { return b.End.Compare(a.End) })
	at := minTime(until, n.End)
	first := true
	for _, part := range parts {
		if part.open || !part.Start.Before(at) || (!first && part.End.After(at)) {
			continue
		}
		at = minTime(at, part.mark(at))
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
