package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Calls are the calls made to one service.
type Calls struct {
	Service  string
	Count    int
	Duration time.Duration // of all of them, one after the other
}

// call is one that has ended, or is under way.
type call struct {
	service string
	began   time.Time // zero when it has ended
	took    time.Duration
}

// Calling records a call to a service that begins now; ended records its end. A
// summary made before that has the call with the time it has taken so far.
func (r *Stats) Calling(service string) (ended func()) {
	if r == nil {
		return func() {}
	}
	c := &call{service: service, began: time.Now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = true
	r.untracked = r.untracked || !r.tracksUses
	r.calls = append(r.calls, c)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		c.took, c.began = time.Since(c.began), time.Time{}
	}
}

// sumByService adds up calls, as far as they have come at now.
func sumByService(calls []*call, now time.Time) (sums []Calls) {
	for _, c := range calls {
		took := c.took
		if !c.began.IsZero() {
			took = now.Sub(c.began)
		}
		i := slices.IndexFunc(sums, func(s Calls) bool { return s.Service == c.service })
		if i < 0 {
			i, sums = len(sums), append(sums, Calls{Service: c.service})
		}
		sums[i].Count++
		sums[i].Duration += took
	}
	return sums
}

// ServerTiming returns the value of the Server-Timing header (W3C): for each service
// that was called, the sum of the durations of its calls.
func (s Summary) ServerTiming() string {
	if len(s.Calls) == 0 {
		return ""
	}
	var b strings.Builder
	for _, c := range s.Calls {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s;dur=%.1f;desc=\"%d calls\"", c.Service, float64(c.Duration.Microseconds())/1000, c.Count)
	}
	return b.String()
}
