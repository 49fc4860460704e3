package report

import (
	"slices"
	"time"
)

// Dependency is a cache entry that went into an answer.
type Dependency struct {
	Name     string    // "kind:key", as in the cache
	Service  string    // that sent it
	Answered time.Time // when
	Fresh    time.Time // until when it may be given out as it is
	Aging    time.Time // from when on it is time to ask for the next one; zero: never
	Asked    bool      // the upstream was, because of this operation, alone or together with others
	Stale    bool      // its time was over already when the cache gave it out

	// Generation is that of the entry in the cache when its load started.
	Generation uint64
}

// Life says how long an answer may be cached: until the first of its parts expires.
type Life struct {
	Until time.Time    // the zero time when it may not be kept
	Aging time.Time    // when the first part is due for a refresh; zero: never
	Of    []Dependency // its parts
}

func lifeOf(uses []Dependency) (l Life) {
	for _, use := range uses {
		if l.Until.IsZero() || use.Fresh.Before(l.Until) {
			l.Until = use.Fresh
		}
		if !use.Aging.IsZero() && (l.Aging.IsZero() || use.Aging.Before(l.Aging)) {
			l.Aging = use.Aging
		}
	}
	l.Of = slices.Clip(uses) // what is noted later comes after it
	return l
}

// Grow allocates space for this number of further parts.
func (r *Stats) Grow(parts int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uses = slices.Grow(r.uses, parts)
}

// Used records a part.
func (r *Stats) Used(use Dependency) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = r.asked || use.Asked
	r.uses = append(r.uses, use)
}

// Overdue returns the parts that were fresh when they were read from the cache but
// have expired by now, because the answer took so long.
func (r *Stats) Overdue(now time.Time) (overdue []Dependency) {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, use := range r.uses {
		if !use.Asked && !use.Stale && !now.Before(use.Fresh) {
			overdue = append(overdue, use)
		}
	}
	return overdue
}

// Again discards the recorded parts, because the answer is executed once more. It
// keeps the calls to upstreams.
func (r *Stats) Again() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uses, r.degraded = nil, nil
}
