// Package report collects what a client may want to know about one answer:
// which upstreams were asked for it and for how long, how old its oldest part
// is, how long it may be kept, and which parts are missing or out of date. The
// parts of the gateway note what they see; headers, GraphQL extensions, REST
// metadata and the log line read it, and the cache of whole responses.
package report

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Stale is the reason of a part that is older than its time to live because
// its upstream failed.
const Stale = "stale"

// Part is something that an answer should have and has not, or not in its
// present state.
type Part struct {
	Service string   `json:"service"`
	Reason  string   `json:"reason"`
	Age     *float64 `json:"age_seconds,omitempty"` // of a stale part
}

// A Report is of one operation. Its methods are safe for concurrent use, and
// a nil Report takes notes and forgets them.
type Report struct {
	*notes
	kept bool // what is called for it is noted by Used as well
}

// notes are what a report and its views have noted.
type notes struct {
	mu       sync.Mutex
	asked    bool
	uses     []Use
	loose    bool // something was called that no Use accounts for
	calls    []*call
	degraded []Part
}

type key struct{}

// With returns a context that carries a new report.
func With(ctx context.Context) (context.Context, *Report) {
	r := &Report{notes: &notes{}}
	return context.WithValue(ctx, key{}, r), r
}

// Kept returns a context for calls whose outcome the caller notes by
// [Report.Used]: how long it may be kept is known then. What is called in any
// other context may not be kept at all.
func Kept(ctx context.Context) context.Context {
	r := From(ctx)
	if r == nil || r.kept {
		return ctx
	}
	return context.WithValue(ctx, key{}, &Report{notes: r.notes, kept: true})
}

// From gives the report of ctx, nil if there is none.
func From(ctx context.Context) *Report {
	r, _ := ctx.Value(key{}).(*Report)
	return r
}

// Asked notes that an upstream was asked because of this operation, whatever came of it.
func (r *Report) Asked() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = true
}

// Missing notes that something of service could not be had. A service that is
// missing for the same reason in many places is noted once.
func (r *Report) Missing(service, reason string) { r.degrade(Part{Service: service, Reason: reason}) }

// OutOfDate notes that something of service stands in though its time is over.
// Of many, the oldest counts.
func (r *Report) OutOfDate(service string, age time.Duration) {
	seconds := float64(age.Milliseconds()) / 1000
	r.degrade(Part{Service: service, Reason: Stale, Age: &seconds})
}

func (r *Report) degrade(p Part) {
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

// Summary is what a report says at one moment.
type Summary struct {
	Asked    bool      // an upstream was asked for this answer
	Cached   bool      // some of it was there without being asked for
	Oldest   time.Time // when the oldest part was given; zero if there is none
	Life     Life      // of the answer as a whole
	Calls    []Calls   // by service, in the order of the first call
	Degraded []Part    // in the order noted; empty when the answer is complete and fresh
}

// Age is how old the oldest part is at now, never negative.
func (s Summary) Age(now time.Time) time.Duration {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(s.Oldest))
}

// Summary tells what has been noted so far.
func (r *Report) Summary() Summary {
	if r == nil {
		return Summary{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Summary{
		Asked:    r.asked,
		Cached:   slices.ContainsFunc(r.uses, func(u Use) bool { return !u.Asked }),
		Calls:    byService(r.calls, time.Now()),
		Degraded: append([]Part(nil), r.degraded...),
	}
	for _, use := range r.uses {
		if s.Oldest.IsZero() || use.Answered.Before(s.Oldest) {
			s.Oldest = use.Answered
		}
	}
	if !r.loose {
		s.Life = lifeOf(r.uses)
	}
	return s
}
