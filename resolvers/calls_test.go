package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

func TestCalls_FollowData(t *testing.T) {
	const delay = 100 * time.Millisecond // of every upstream call
	for query, hops := range map[string]int{
		`{ user(id:"u1") { username } }`:                                         1,
		`{ user(id:"u1") { orders { id } } }`:                                    1,
		`{ orders(userId:"u1") { user { username orders { id } } } }`:            1,
		`{ profile(userId:"u1") { user { id } orders { id } products { id } } }`: 2,
		`{ profile(userId:"u1") { products { id } } }`:                           2,
		`{ user(id:"u1") { orders { items { product { id } } } } }`:              2,
		`{ users(ids:["u1","u2"]) { orders { items { product { id } } } } }`:     2,
		`query($i:[ID!]!) { users(ids:$i) { ...o } } fragment o on User { orders { items { product { id } } user { id orders { id } } } }`: 2,
	} {
		t.Run(query, func(t *testing.T) {
			var took time.Duration
			for range tries { // a busy machine may take its time
				up := upstreamtest.New(t, upstreamtest.NewData(2, 2, 2, 4))
				up.Delay(func(upstreamtest.Call) time.Duration { return delay })
				c := serve(t, up)
				start := time.Now()
				answer := c.ask(query, map[string]any{"i": []string{"u1", "u2"}})
				took = time.Since(start)
				if strings.Contains(answer, "errors") {
					t.Fatal(answer)
				}
				if int(took/delay) == hops {
					return
				}
			}
			t.Errorf("%d hops (%v), want %d", took/delay, took, hops)
		})
	}
}

func TestCalls_SlowPeer(t *testing.T) {
	const want, few = "users=3 orders=3 products=2", 100 * time.Millisecond
	var got string
	var delay time.Duration
	for range tries { // a busy machine may take its time
		if got, delay = callsBesideASlowOne(t); got == want && delay <= few {
			return
		}
	}
	t.Errorf("calls: %s, want %s; what was ready waited for %v", got, want, delay)
}

// callsBesideASlowOne asks for the products in three lists of orders. The
// second list does not come before products have been asked for without it, and
// delay is how long after the other lists that was.
func callsBesideASlowOne(t *testing.T) (calls string, delay time.Duration) {
	t.Helper()
	up := upstreamtest.New(t, upstreamtest.NewData(3, 1, 2, 6))
	release := make(chan struct{})
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if c.Service == upstreamtest.Orders && c.IDs[0] == "u2" {
			<-release
		}
		return 0
	})
	c := serve(t, up)
	done := make(chan string)
	go func() { done <- c.ask(`{ users(ids:["u1","u2","u3"]) { orders { items { product { id } } } } }`) }()
	waitFor(t, func() bool { return up.Count()[upstreamtest.Products] >= 1 })
	var ready, asked time.Time
	for _, c := range up.Calls() {
		switch {
		case c.Service == upstreamtest.Products:
			asked = c.At
		case c.Service == upstreamtest.Orders && c.IDs[0] != "u2":
			ready = c.At // and is answered at once
		}
	}
	close(release)
	<-done
	return up.Summary(), asked.Sub(ready)
}

func TestCalls_SecondIsCached(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(2, 2, 2, 4))
	c := serve(t, up)
	first := c.ask(`{ profile(userId:"u1") { user { username } orders { id } products { id } } }`)
	up.Reset()
	second := c.ask(`{ user(id:"u1") { username orders { items { product { name } } } } }`)
	if got := up.Count()[upstreamtest.Users] + up.Count()[upstreamtest.Orders] + up.Count()[upstreamtest.Products]; got != 0 {
		t.Errorf("%s after %s, then %s", up.Summary(), first, second)
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	testkit.WaitFor(t, "the condition", what)
}
