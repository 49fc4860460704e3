package forward

import (
	"sync"
	"time"
)

const (
	// maxLanguages is the maximum number of different values of Accept-Language that are
	// forwarded at a time, so that no client can fill the caches with variants of one entry.
	maxLanguages = 256
	// languageIdle is after how long without use a value makes room for another.
	languageIdle = 10 * time.Minute
)

// A variety is a bounded set of values that are in use. It is safe for concurrent use.
type variety struct {
	mu   sync.Mutex
	used map[string]time.Time // when each was used last
}

// admit reports whether a value is in the set, and adds it if there is room.
func (v *variety) admit(value string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.used[value]; !known && len(v.used) >= maxLanguages {
		for old, at := range v.used {
			if now.Sub(at) > languageIdle {
				delete(v.used, old)
			}
		}
		if len(v.used) >= maxLanguages {
			return false
		}
	}
	if v.used == nil {
		v.used = map[string]time.Time{}
	}
	v.used[value] = now
	return true
}

// forward returns the value of Accept-Language that is sent for ranges: all of them, or
// only the first language if too many different values are in use.
func (v *variety) forward(ranges []languageRange, now time.Time) string {
	value := written(ranges)
	if value == "" || v.admit(value, now) {
		return value
	}
	if first := ranges[0].tag; len(first) == 2 || (len(first) > 2 && first[2] == '-') {
		return first[:2]
	}
	return ""
}
