// Package report collects facts about one answer: which upstreams were called and
// for how long, how old its oldest part is, how long it may be cached, and which
// parts are missing or stale. The layers of the gateway record them; response
// headers, GraphQL extensions, REST metadata, the request log and the response
// cache read them.
package report

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Stale is the reason for a part that is older than its TTL because its upstream
// failed.
const Stale = "stale"

// DegradedPart is a part of an answer that is missing or stale.
type DegradedPart struct {
	Service string   `json:"service"`
	Reason  string   `json:"reason"`
	Age     *float64 `json:"age_seconds,omitempty"` // of a stale part
}

// A Stats belongs to one operation. Its methods are safe for concurrent use, and
// do nothing on a nil Report.
type Stats struct {
	*state
	tracksUses bool // what is called for it is noted by Used as well
}

// state are what a report and its views have noted.
type state struct {
	mu        sync.Mutex
	asked     bool
	uses      []Dependency
	untracked bool // something was called that no Use accounts for
	calls     []*call
	degraded  []DegradedPart
	personal  bool // some of it may be different for another viewer
	failures  failures
}

type key struct{}

// With returns a context that carries a new report.
func With(ctx context.Context) (context.Context, *Stats) {
	r := &Stats{state: &state{}}
	return context.WithValue(ctx, key{}, r), r
}

// TrackUses returns a context for calls whose results the caller records with
// [Stats.Used], so that it is known how long they may be cached. A call in any
// other context makes the whole answer uncacheable.
func TrackUses(ctx context.Context) context.Context {
	r := From(ctx)
	if r == nil || r.tracksUses {
		return ctx
	}
	return context.WithValue(ctx, key{}, &Stats{state: r.state, tracksUses: true})
}

// From returns the report of ctx, or nil.
func From(ctx context.Context) *Stats {
	r, _ := ctx.Value(key{}).(*Stats)
	return r
}

// UpstreamCalled records that an upstream was called because of this operation, with or
// without success.
func (r *Stats) UpstreamCalled() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = true
}

// Personal records that the answer may be different for another viewer.
func (r *Stats) Personal() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.personal = true
}

// AddMissing records that something of service could not be loaded. The same service
// and reason are recorded once.
func (r *Stats) AddMissing(service, reason string) {
	r.addDegraded(DegradedPart{Service: service, Reason: reason})
}

// AddStale records that something of service is stale. Of several ages, the
// greatest counts.
func (r *Stats) AddStale(service string, age time.Duration) {
	seconds := float64(age.Milliseconds()) / 1000
	r.addDegraded(DegradedPart{Service: service, Reason: Stale, Age: &seconds})
}

func (r *Stats) addDegraded(p DegradedPart) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, have := range r.degraded {
		if have.Service == p.Service && have.Reason == p.Reason {
			if p.Age != nil && *p.Age > *have.Age {
				r.degraded[i].Age = p.Age
			}
			return
		}
	}
	r.degraded = append(r.degraded, p)
}

// Summary is a snapshot of a report.
type Summary struct {
	Asked    bool           // an upstream was called for this response
	Personal bool           // it may be different for another viewer
	Cached   bool           // a part of it came from a cache
	Oldest   time.Time      // when the oldest part was given; zero if there is none
	Life     Life           // of the answer as a whole
	Calls    []Calls        // by service, in the order of the first call
	Degraded []DegradedPart // in the order noted; empty when the answer is complete and fresh
}

// Age is the age of the oldest part at now, never negative.
func (s Summary) Age(now time.Time) time.Duration {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(s.Oldest))
}

// Summary returns what has been recorded so far.
func (r *Stats) Summary() Summary {
	if r == nil {
		return Summary{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		Asked:    r.asked,
		Personal: r.personal,
		Cached:   slices.ContainsFunc(r.uses, func(u Dependency) bool { return !u.Asked }),
		Calls:    sumByService(r.calls, time.Now()),
		Degraded: append([]DegradedPart(nil), r.degraded...),
	}
	for _, use := range r.uses {
		if s.Oldest.IsZero() || use.Answered.Before(s.Oldest) {
			s.Oldest = use.Answered
		}
	}
	if !r.untracked {
		s.Life = lifeOf(r.uses)
	}
	return s
}
