package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/report"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestAge_OldestPart(t *testing.T) {
	_, r := report.With(t.Context())
	if s := r.Summary(); s.Age(noon) != 0 || s.Asked {
		t.Errorf("with nothing noted: age %v, asked %v", s.Age(noon), s.Asked)
	}
	r.Used(report.Dependency{Answered: noon.Add(-time.Second)})
	r.Used(report.Dependency{Answered: noon.Add(-time.Minute)})
	r.Used(report.Dependency{Answered: noon})
	s := r.Summary()
	if s.Age(noon) != time.Minute || s.Asked {
		t.Errorf("age %v, asked %v", s.Age(noon), s.Asked)
	}
	if age := s.Age(noon.Add(-time.Hour)); age != 0 {
		t.Errorf("age %v by a clock that is behind, want 0", age)
	}
}

func TestSummary_UpstreamCalled(t *testing.T) {
	for name, note := range map[string]func(*report.Stats){
		"a part that was asked for": func(r *report.Stats) {
			r.Used(report.Dependency{Answered: noon, Asked: true})
			r.Used(report.Dependency{Answered: noon})
		},
		"a question without answer": func(r *report.Stats) { r.UpstreamCalled() },
		"a call":                    func(r *report.Stats) { r.Calling("poets")() },
	} {
		_, r := report.With(t.Context())
		note(r)
		if !r.Summary().Asked {
			t.Errorf("%s does not count as asked", name)
		}
	}
}

func TestDegraded_OncePerReason(t *testing.T) {
	for name, c := range map[string]struct {
		note func(*report.Stats)
		want string
	}{
		"nothing is":     {func(*report.Stats) {}, `null`},
		"the same twice": {func(r *report.Stats) { r.AddMissing("poets", "timeout"); r.AddMissing("poets", "timeout") }, `[{"service":"poets","reason":"timeout"}]`},
		"two reasons":    {func(r *report.Stats) { r.AddMissing("poets", "timeout"); r.AddMissing("poets", "rejected") }, `[{"service":"poets","reason":"timeout"},{"service":"poets","reason":"rejected"}]`},
		"of stale parts, the oldest": {func(r *report.Stats) {
			r.AddStale("drafts", 31*time.Second)
			r.AddStale("drafts", 40500*time.Millisecond+time.Nanosecond)
			r.AddStale("drafts", 35*time.Second)
			r.AddStale("poets", time.Minute)
		}, `[{"service":"drafts","reason":"stale","age_seconds":40.5},{"service":"poets","reason":"stale","age_seconds":60}]`},
		"to the millisecond": {func(r *report.Stats) { r.AddStale("poets", 1602*time.Millisecond) }, `[{"service":"poets","reason":"stale","age_seconds":1.602}]`},
	} {
		_, r := report.With(t.Context())
		c.note(r)
		if got, err := json.Marshal(r.Summary().Degraded); err != nil || string(got) != c.want {
			t.Errorf("%s: %s (%v), want %s", name, got, err, c.want)
		}
	}
}

func TestSummary_IsSnapshot(t *testing.T) {
	_, r := report.With(t.Context())
	r.Calling("poets")()
	r.AddMissing("poets", "timeout")
	s := r.Summary()
	r.Calling("poets")()
	r.AddMissing("drafts", "timeout")
	if s.Calls[0].Count != 1 || len(s.Degraded) != 1 {
		t.Errorf("summary has become %+v", s)
	}
}

func TestStats_WithoutContext(t *testing.T) {
	r := report.From(t.Context())
	r.Used(report.Dependency{Answered: noon, Asked: true})
	r.UpstreamCalled()
	r.Calling("poets")()
	r.AddMissing("poets", "timeout")
	r.AddStale("poets", time.Second)
	if s := r.Summary(); s.Asked || s.Calls != nil || s.Degraded != nil || s.ServerTiming() != "" {
		t.Errorf("summary %+v", s)
	}
}

func TestStats_Concurrent(t *testing.T) { synctest.Test(t, notesSideBySide) }

func notesSideBySide(t *testing.T) {
	ctx, _ := report.With(t.Context())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			r := report.From(ctx)
			call(r, "poets", time.Millisecond)
			r.Used(report.Dependency{Answered: noon, Asked: true})
			r.AddMissing("poets", "timeout")
			_ = r.Summary()
		})
	}
	wg.Wait()
	s := report.From(ctx).Summary()
	if len(s.Calls) != 1 || s.Calls[0].Count != 50 || s.Calls[0].Duration != 50*time.Millisecond || len(s.Degraded) != 1 {
		t.Errorf("summary %+v", s)
	}
}

// call records a call that takes so long. It is for bubbles of synctest.
func call(r *report.Stats, service string, took time.Duration) {
	ended := r.Calling(service)
	time.Sleep(took)
	ended()
}

func TestServerTiming_SumsCallsByService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, r := report.With(t.Context())
		call(r, "poets", 12*time.Millisecond)
		call(r, "drafts", 20*time.Millisecond)
		r.Calling("drafts") // has not ended
		time.Sleep(21500 * time.Microsecond)
		const want = `poets;dur=12.0;desc="1 calls", drafts;dur=41.5;desc="2 calls"`
		if got := r.Summary().ServerTiming(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func Example() {
	ctx, r := report.With(context.Background())

	// Parts of the gateway note what they see.
	report.From(ctx).Calling("poets")()
	report.From(ctx).Calling("drafts")()
	report.From(ctx).Calling("drafts")()
	report.From(ctx).Used(report.Dependency{Answered: noon, Asked: true})
	report.From(ctx).AddMissing("drafts", "timeout")

	s := r.Summary()
	fmt.Println(s.Calls[0].Service, s.Calls[0].Count, s.Calls[1].Service, s.Calls[1].Count)
	fmt.Println("age", s.Age(noon.Add(2*time.Second)), "asked", s.Asked)
	fmt.Println(s.Degraded[0].Service, s.Degraded[0].Reason)
	// Output:
	// poets 1 drafts 2
	// age 2s asked true
	// drafts timeout
}
