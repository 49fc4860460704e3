package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// An operation that asks for very much waits for itself and is complete, though
// calls that wait are refused at once, and leaves room for others.
func TestConcurrency_HalfOfService(t *testing.T) {
	const many, atOnce = 1000, 16
	up := upstreamtest.New(t, upstreamtest.NewData(many+1, 0, 0, 0))
	var mu sync.Mutex
	now, most := 0, 0
	release := make(chan struct{})
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if c.IDs[0] == "u1" {
			return 0
		}
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		return 0
	})
	with := graphtest.DefaultSetup()
	with.Calls = upstream.Config{Concurrency: atOnce, Queue: 4 * many, QueueWait: time.Nanosecond}
	c := serveWith(t, up, with)

	ids := make([]string, many)
	for i := range ids {
		ids[i] = fmt.Sprintf("%q", fmt.Sprint("u", i+2))
	}
	var large sync.WaitGroup
	large.Go(func() {
		got := c.ask(`{ users(ids: [` + strings.Join(ids, " ") + `]) { id } }`)
		if n := strings.Count(got, `{"id":"u`); n != many || strings.Contains(got, "errors") {
			t.Errorf("%d users in %.300s", n, got)
		}
	})
	until(t, func() bool { mu.Lock(); defer mu.Unlock(); return now == atOnce/2 })
	if got := c.ask(`{ user(id: "u1") { id } }`); strings.Contains(got, "errors") {
		t.Errorf("another operation: %s", got)
	}
	close(release)
	large.Wait()
	if got := up.Count()["users"]; got != many+1 || most != atOnce/2 {
		t.Errorf("%d calls, %d at once", got, most)
	}
}
