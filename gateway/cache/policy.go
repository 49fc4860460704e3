package cache

import "time"

// policy is what the settings say of one kind, and what follows from that for
// an entry at a moment: it is fresh, then it may stand in, then it is of no use.
type policy struct {
	ttl      time.Duration
	stale    time.Duration // how much longer than ttl it may stand in
	absent   time.Duration // the ttl of the news that there is none
	patience time.Duration // how long a request waits while something stands in; 0: as long as it takes
	ahead    bool          // refresh before the ttl is over
}

// of is the policy of a kind.
func (c Config) of(kind string) policy {
	either := func(single map[string]time.Duration, all time.Duration) time.Duration {
		if d, ok := single[kind]; ok {
			return d
		}
		return all
	}
	return policy{
		ttl:      either(c.TTLs, c.TTL),
		stale:    either(c.StaleIfErrors, c.StaleIfError),
		absent:   either(c.AbsentTTLs, c.AbsentTTL),
		patience: c.Patience,
		ahead:    c.RefreshAhead,
	}
}

// fresh tells whether e may be given out as it is.
func (p policy) fresh(e *Entry, now time.Time) bool { return e.Age(now) < p.life(e) }

// life is the age at which e is no longer fresh.
func (p policy) life(e *Entry) time.Duration {
	if e.Absent {
		return min(e.Keep, p.absent)
	}
	return p.ttl
}

func (p policy) freshUntil(e *Entry) time.Time { return e.Answered.Add(p.life(e)) }

// agingFrom is when e, still fresh, will not be for long: when the last fifth
// of its life begins. What is not there is not kept warm: its is the zero time.
func (p policy) agingFrom(e *Entry) time.Time {
	if !p.ahead || e.Absent {
		return time.Time{}
	}
	return e.Answered.Add(p.ttl - p.ttl/5)
}

// aging tells whether the last fifth of e's life has begun.
func (p policy) aging(e *Entry, now time.Time) bool {
	from := p.agingFrom(e)
	return !from.IsZero() && !now.Before(from)
}

// standsIn tells whether e may be given out in place of a load that failed.
func (p policy) standsIn(e *Entry, now time.Time) bool {
	return e != nil && !e.Absent && e.Usable(now) && e.Age(now) < p.ttl+p.stale
}
