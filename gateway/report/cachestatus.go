package report

import (
	"math"
	"strconv"
	"time"
)

// cacheName is how the gateway names its cache in Cache-Status.
const cacheName = "tributary"

// Left is for how many whole seconds after now the answer may be cached. It is
// negative if it has expired.
func (s Summary) Left(now time.Time) int {
	if s.Life.Until.IsZero() {
		return 0
	}
	return int(math.Floor(s.Life.Until.Sub(now).Seconds()))
}

// AppendCacheStatus appends the value of the Cache-Status header (RFC 9211) at now:
// a hit if no upstream was called. stored says whether the response was stored in
// the response cache.
func (s Summary) AppendCacheStatus(b []byte, now time.Time, stored bool) []byte {
	b = append(b, cacheName...)
	switch {
	case s.stale():
		how := "; hit; ttl="
		if s.Asked {
			how = "; fwd=stale; ttl="
		}
		return append(s.appendLeft(append(b, how...), now), "; detail=stale-if-error"...)
	case !s.Asked && !s.Oldest.IsZero():
		return s.appendLeft(append(b, "; hit; ttl="...), now)
	case stored:
		return append(b, "; fwd=miss; stored"...)
	}
	return append(b, "; fwd=miss"...)
}

func (s Summary) appendLeft(b []byte, now time.Time) []byte {
	return strconv.AppendInt(b, int64(s.Left(now)), 10)
}

func (s Summary) stale() bool {
	for _, part := range s.Degraded {
		if part.Reason == Stale {
			return true
		}
	}
	return false
}
