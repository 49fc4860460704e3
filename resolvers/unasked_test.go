package resolvers_test

import (
	"net/http"
	"sync"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// before is what was going on with a service before clients asked, for faults
// that take a history.
type before struct {
	set func(with *graphtest.Setup, service string)
	// has happens over the graph of with; what it gives is called in the end.
	has func(c *client, faulty *faultyupstream.Server, service, well string) (after func())
}

// unasked are states in which a service is not asked, or not heard.
func unasked() []aFault {
	return []aFault{
		{
			name: "has failed too often just now",
			script: func(_, _ string) faultyupstream.Script {
				return faultyupstream.Always(faultyupstream.Answer(http.StatusInternalServerError, ""))
			},
			before: &before{
				set: func(with *graphtest.Setup, _ string) {
					with.Calls = upstream.Config{BreakerRate: .5, BreakerCalls: 1, BreakerWindow: time.Minute, BreakerDelay: time.Hour}
				},
				has: func(c *client, _ *faultyupstream.Server, service, _ string) func() {
					c.ask(somethingOf(service))
					return func() {}
				},
			},
		},
		{
			name:   "has as many calls under way as it may",
			script: func(_, well string) faultyupstream.Script { return faultyupstream.Always(faultyupstream.JSON(well)) },
			before: &before{
				set: func(with *graphtest.Setup, service string) {
					with.Calls.Overrides = upstream.Overrides{service + ".concurrency": "1", service + ".queue": "0"}
				},
				has: func(c *client, faulty *faultyupstream.Server, service, well string) func() {
					release := make(chan struct{})
					faulty.SetScript(faultyupstream.Always(faultyupstream.BlockUntil(release, faultyupstream.JSON(well))))
					var other sync.WaitGroup
					other.Go(func() { c.ask(somethingOf(service)) })
					until(c.t, func() bool { return len(faulty.Requests()) == 1 })
					return func() { close(release); other.Wait() }
				},
			},
		},
		{
			name:   "fails, and has answered before",
			script: func(_, well string) faultyupstream.Script { return faultyupstream.Always(faultyupstream.JSON(well)) },
			before: &before{
				set: func(with *graphtest.Setup, service string) {
					kind := map[string]string{upstreamtest.Users: "user", upstreamtest.Orders: "orders", upstreamtest.Products: "product"}[service]
					with.TTLs = map[string]time.Duration{kind: time.Nanosecond}
				},
				has: func(c *client, faulty *faultyupstream.Server, _, well string) func() {
					faulty.SetScript(faultyupstream.Always(faultyupstream.JSON(well)))
					c.ask(eachRoute)
					faulty.SetScript(faultyupstream.Always(faultyupstream.Reset()))
					return func() {}
				},
			},
		},
	}
}

// somethingOf is a query that asks one service alone, for what no other query does.
func somethingOf(service string) string {
	return map[string]string{
		upstreamtest.Users:    `{ user(id: "other") { id } }`,
		upstreamtest.Orders:   `{ orders(userId: "other") { id } }`,
		upstreamtest.Products: `{ product(id: "other") { id } }`,
	}[service]
}
