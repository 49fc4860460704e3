package entitycache

import "time"

// freshnessPolicy has the settings of one kind. By them an entry is first fresh, then stale (it
// may be served if a load fails), and then unusable.
type freshnessPolicy struct {
	ttl          time.Duration
	staleIfError time.Duration // how long after ttl it may be served stale
	notFoundTTL  time.Duration // the ttl of unknown keys, at most ttl
	softTimeout  time.Duration // how long a request waits for a load if there is a stale entry; 0: until it ends
	refreshAhead bool          // refresh in the background before the ttl ends
}

// policyFor returns the policy of a kind.
func (c Config) policyFor(kind string) freshnessPolicy {
	either := func(single map[string]time.Duration, all time.Duration) time.Duration {
		if d, ok := single[kind]; ok {
			return d
		}
		return all
	}
	ttl := either(c.TTLs, c.TTL)
	return freshnessPolicy{
		ttl:          ttl,
		staleIfError: either(c.StaleIfErrors, c.StaleIfError),
		notFoundTTL:  min(either(c.AbsentTTLs, c.AbsentTTL), ttl),
		softTimeout:  c.SoftTimeout,
		refreshAhead: c.RefreshAhead,
	}
}

// fresh reports whether e may be served without a load.
func (p freshnessPolicy) fresh(e *Entry, now time.Time) bool {
	return e.Age(now) < p.freshnessLifetime(e)
}

// freshnessLifetime returns the age at which e is no longer fresh.
func (p freshnessPolicy) freshnessLifetime(e *Entry) time.Duration {
	switch {
	case e.revoked:
		return 0
	case e.NotFound:
		return min(e.UsableFor, p.notFoundTTL)
	}
	return p.ttl
}

func (p freshnessPolicy) freshUntil(e *Entry) time.Time {
	return e.FetchedAt.Add(p.freshnessLifetime(e))
}

// refreshAfter returns when the last fifth of e's life starts, from which it is refreshed in
// the background. It is the zero time if e is never refreshed, as for unknown keys.
func (p freshnessPolicy) refreshAfter(e *Entry) time.Time {
	if !p.refreshAhead || e.NotFound {
		return time.Time{}
	}
	return e.FetchedAt.Add(p.ttl - p.ttl/5)
}

// needsRefresh reports whether the last fifth of e's life has started.
func (p freshnessPolicy) needsRefresh(e *Entry, now time.Time) bool {
	from := p.refreshAfter(e)
	return !from.IsZero() && !now.Before(from)
}

// usableStale reports whether e may be served in place of a load that failed.
func (p freshnessPolicy) usableStale(e *Entry, now time.Time) bool {
	return e != nil && !e.NotFound && e.Usable(now) && e.Age(now) < p.ttl+p.staleIfError
}
