package telemetry

import (
	"sync"
	"time"
)

// sampler passes at most most records per second.
type sampler struct {
	perSecond int

	mu      sync.Mutex
	second  int64
	passed  int
	skipped int // since the last one that passed
}

// newSampler returns nil, which passes everything, if most is 0.
func newSampler(most int) *sampler {
	if most <= 0 {
		return nil
	}
	return &sampler{perSecond: most}
}

// sample reports whether a record at now passes, and how many were skipped before it.
func (s *sampler) sample(now time.Time) (pass bool, skipped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := now.Unix(); second != s.second {
		s.second, s.passed = second, 0
	}
	if s.passed == s.perSecond {
		s.skipped++
		return false, 0
	}
	s.passed++
	skipped, s.skipped = s.skipped, 0
	return true, skipped
}
