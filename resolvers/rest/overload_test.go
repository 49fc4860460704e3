package rest_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"tributary/gateway/admission"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

func TestOverload_ShedAtOnce(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(2, 1, 1, 1))
	asked, release := make(chan struct{}, 10), make(chan struct{})
	up.Delay(func(upstreamtest.Call) time.Duration { asked <- struct{}{}; <-release; return 0 })
	with := graphtest.DefaultSetup()
	with.GraphQL.Admission = admission.Config{Operations: 1}
	g := serve(t, up, with)

	var first sync.WaitGroup
	first.Go(func() { g.get("/api/profile/u1").document(t) })
	<-asked
	shed := g.get("/api/profile/u2")
	shed.problem(t, http.StatusServiceUnavailable, "OVERLOADED")
	shed.expectHeader(t, "Retry-After", "1")
	close(release)
	first.Wait()
	g.get("/api/profile/u2").document(t)
}
