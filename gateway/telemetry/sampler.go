package telemetry

import (
	"sync"
	"time"
)

// sampler lets so many through in each second.
type sampler struct {
	most int

	mu      sync.Mutex
	second  int64
	passed  int
	skipped int // since the last that was let through
}

// newSampler gives nil, which lets all through, when most is 0.
func newSampler(most int) *sampler {
	if most <= 0 {
		return nil
	}
	return &sampler{most: most}
}

// sample tells whether to let one through at now, and how many before it were not.
func (s *sampler) sample(now time.Time) (pass bool, skipped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := now.Unix(); second != s.second {
		s.second, s.passed = second, 0
	}
	if s.passed == s.most {
		s.skipped++
		return false, 0
	}
	s.passed++
	skipped, s.skipped = s.skipped, 0
	return true, skipped
}
