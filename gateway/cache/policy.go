package cache

import "time"

// policy has the settings of one kind. By them an entry is first fresh, then stale (it
// may be served if a load fails), and then unusable.
type policy struct {
	ttl      time.Duration
	stale    time.Duration // how long after ttl it may be served stale
	absent   time.Duration // the ttl of unknown keys, at most ttl
	patience time.Duration // how long a request waits for a load if there is a stale entry; 0: until it ends
	ahead    bool          // refresh in the background before the ttl ends
}

// of returns the policy of a kind.
func (c Config) of(kind string) policy {
	either := func(single map[string]time.Duration, all time.Duration) time.Duration {
		if d, ok := single[kind]; ok {
			return d
		}
		return all
	}
	ttl := either(c.TTLs, c.TTL)
	return policy{
		ttl:      ttl,
		stale:    either(c.StaleIfErrors, c.StaleIfError),
		absent:   min(either(c.AbsentTTLs, c.AbsentTTL), ttl),
		patience: c.SoftTimeout,
		ahead:    c.RefreshAhead,
	}
}

// fresh reports whether e may be served without a load.
func (p policy) fresh(e *Entry, now time.Time) bool { return e.Age(now) < p.life(e) }

// life returns the age at which e is no longer fresh.
func (p policy) life(e *Entry) time.Duration {
	switch {
	case e.revoked:
		return 0
	case e.Absent:
		return min(e.Keep, p.absent)
	}
	return p.ttl
}

func (p policy) freshUntil(e *Entry) time.Time { return e.Answered.Add(p.life(e)) }

// agingFrom returns when the last fifth of e's life starts, from which it is refreshed in
// the background. It is the zero time if e is never refreshed, as for unknown keys.
func (p policy) agingFrom(e *Entry) time.Time {
	if !p.ahead || e.Absent {
		return time.Time{}
	}
	return e.Answered.Add(p.ttl - p.ttl/5)
}

// aging reports whether the last fifth of e's life has started.
func (p policy) aging(e *Entry, now time.Time) bool {
	from := p.agingFrom(e)
	return !from.IsZero() && !now.Before(from)
}

// standsIn reports whether e may be served in place of a load that failed.
func (p policy) standsIn(e *Entry, now time.Time) bool {
	return e != nil && !e.Absent && e.Usable(now) && e.Age(now) < p.ttl+p.stale
}
