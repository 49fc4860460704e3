package report

import (
	"log/slog"
	"slices"
)

// What the cache did for an answer, as the log names it.
const (
	cacheHit     = "hit"     // no upstream was called
	cacheMiss    = "miss"    // nothing was there
	cachePartial = "partial" // some of it was
	cacheStale   = "stale"   // some of what was there was past its time
)

// Cache says in one word what the cache contributed: hit, partial, miss or stale.
func (s Summary) Cache() string {
	switch {
	case slices.ContainsFunc(s.Degraded, func(p DegradedPart) bool { return p.Reason == Stale }):
		return cacheStale
	case !s.Asked:
		return cacheHit
	case s.Cached:
		return cachePartial
	}
	return cacheMiss
}

// merge is what s and another summary say together.
func (s Summary) merge(other Summary) Summary {
	s.Asked = s.Asked || other.Asked
	s.Cached = s.Cached || other.Cached
	s.Calls, s.Degraded = slices.Clone(s.Calls), slices.Clone(s.Degraded)
	for _, c := range other.Calls {
		i := slices.IndexFunc(s.Calls, func(have Calls) bool { return have.Service == c.Service })
		if i < 0 {
			s.Calls = append(s.Calls, c)
			continue
		}
		s.Calls[i].Count += c.Count
		s.Calls[i].Duration += c.Duration
	}
	for _, p := range other.Degraded { // each once: a stream has any number of operations
		if !slices.ContainsFunc(s.Degraded, func(have DegradedPart) bool { return have.Service == p.Service && have.Reason == p.Reason }) {
			s.Degraded = append(s.Degraded, p)
		}
	}
	return s
}

func (s Summary) callsValue() slog.Value {
	counts := make([]slog.Attr, len(s.Calls))
	for i, c := range s.Calls {
		counts[i] = slog.Int(c.Service, c.Count)
	}
	return slog.GroupValue(counts...)
}

// degradedNames are the degraded parts as service:reason, each once.
func (s Summary) degradedNames() []string {
	names := make([]string, len(s.Degraded))
	for i, p := range s.Degraded {
		names[i] = p.Service + ":" + p.Reason
	}
	slices.Sort(names)
	return slices.Compact(names)
}
