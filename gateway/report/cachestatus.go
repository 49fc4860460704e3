package report

import (
	"math"
	"strconv"
	"time"
)

// cacheName is how the gateway names its cache in Cache-Status.
const cacheName = "tributary"

// Left is for how many whole seconds after now the answer may be kept. It is
// negative when that is over.
func (s Summary) Left(now time.Time) int {
	if s.Life.Until.IsZero() {
		return 0
	}
	return int(math.Floor(s.Life.Until.Sub(now).Seconds()))
}

// CacheStatus is the value of the Cache-Status header (RFC 9211) at now: a hit
// when no upstream was asked. stored tells whether the next to ask gets the
// same answer.
func (s Summary) CacheStatus(now time.Time, stored bool) string {
	ttl := func() string { return strconv.Itoa(s.Left(now)) }
	switch {
	case s.stale():
		return cacheName + "; fwd=stale; ttl=" + ttl() + "; detail=stale-if-error"
	case !s.Asked && !s.Oldest.IsZero():
		return cacheName + "; hit; ttl=" + ttl()
	case stored:
		return cacheName + "; fwd=miss; stored"
	}
	return cacheName + "; fwd=miss"
}

func (s Summary) stale() bool {
	for _, part := range s.Degraded {
		if part.Reason == Stale {
			return true
		}
	}
	return false
}
