package resolvers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// usualPolicies are the settings of calls as they come, with a breaker whose
// delay is short enough for a test.
func usualPolicies() upstream.Config {
	return upstream.Config{
		Concurrency: 256, Queue: 2048, QueueWait: 500 * time.Millisecond,
		BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second, BreakerDelay: 300 * time.Millisecond,
		Retries: 2, Backoff: 25 * time.Millisecond, BackoffMax: 250 * time.Millisecond, RetryBudget: .1,
	}
}

// outage is a graph whose order service is out, or not, and that service's side of it.
type outage struct {
	*client
	up        *upstreamtest.Upstreams
	out       atomic.Bool
	under     atomic.Int64 // way
	most      atomic.Int64 // that ever were
	askedFrom atomic.Int64 // one user after another, so that the cache has none
}

func newOutage(t *testing.T, calls upstream.Config) *outage {
	t.Helper()
	o := &outage{up: upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))}
	with := graphtest.DefaultSetup()
	with.Calls = calls
	o.client = serveWith(t, o.up, with)
	o.up.Replace(upstreamtest.Orders, func(w http.ResponseWriter, r *http.Request) {
		n := o.under.Add(1)
		defer o.under.Add(-1)
		for most := o.most.Load(); n > most && !o.most.CompareAndSwap(most, n); {
			most = o.most.Load()
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-r.Context().Done():
		}
		if o.out.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte("[]"))
	})
	return o
}

// answers asks n times, by some clients at once, and gives how many got an answer.
func (o *outage) answers(n, clients int) (well int64) {
	var got atomic.Int64
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for range n / clients {
				if !strings.Contains(o.ask(fmt.Sprintf(`{ orders(userId: "x%d") { id } }`, o.askedFrom.Add(1))), "errors") {
					got.Add(1)
				}
			}
		})
	}
	running.Wait()
	return got.Load()
}

func (o *outage) calls() int { return o.up.Count()[upstreamtest.Orders] }

func TestOutage_NotAmplified(t *testing.T) {
	open := usualPolicies()
	open.BreakerRate = 0
	for name, calls := range map[string]upstream.Config{"with a breaker": usualPolicies(), "without one": open} {
		t.Run(name, func(t *testing.T) {
			o := newOutage(t, calls)
			o.out.Store(true)
			const asked = 300
			if well := o.answers(asked, 8); well != 0 {
				t.Errorf("%d answers of a service that is out", well)
			}
			if n := o.calls(); n > asked*11/10+5 { // what a quiet service may be asked again comes on top, once
				t.Errorf("%d calls for %d requests", n, asked)
			} else {
				t.Logf("%d calls for %d requests", n, asked)
			}
		})
	}
}

// During an outage a service gets only probes, few at a time, however many
// clients there are. Its recovery is noticed within two delays of the breaker,
// and no queue of waiting calls floods it then.
func TestOutage_Recovery(t *testing.T) {
	o := newOutage(t, usualPolicies())
	o.out.Store(true)
	o.answers(100, 8)
	o.up.Reset()
	o.most.Store(0)
	start := time.Now()
	for time.Since(start) < time.Second {
		o.answers(64, 64)
	}
	// Three at once at most, as often as the delay, jittered by a fifth, is over.
	times := int(time.Since(start)/(240*time.Millisecond)) + 1
	if n := o.calls(); n == 0 || n > 3*times || o.most.Load() > 3 {
		t.Errorf("%d calls, %d at once, in %v of a service that is out", n, o.most.Load(), time.Since(start))
	}
	o.out.Store(false)
	back := time.Now()
	until(t, func() bool { return o.answers(64, 64) == 64 })
	if took := time.Since(back); took > 3*time.Second {
		t.Errorf("noticed after %v", took)
	}
}
