//go:build !race

// The race detector allocates, too.

package resolvers_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// What a request allocates does not hang on the machine, so that a regression
// fails here. The numbers are what it took when they were written and a tenth
// more; those of cold work include the services of the test. Lower them when
// you have made it cheaper.
func TestAllocations_HotPaths(t *testing.T) {
	entitiesOnly := graphtest.DefaultSetup()
	entitiesOnly.ResponseMB = 0
	list := upstreamtest.NewData(20, 5, 3, 100)
	for name, tt := range map[string]struct {
		handler func(*graphtest.Server) http.Handler
		request func() *http.Request
		data    upstreamtest.Data
		with    graphtest.Setup
		most    float64
	}{
		"cached profile by REST":        {byREST, profileGet(), shop(), graphtest.DefaultSetup(), 22},
		"cached profile by GraphQL":     {graphQL, profilePost(), shop(), graphtest.DefaultSetup(), 32},
		"profile from the entities":     {graphQL, profilePost(), shop(), entitiesOnly, 435},
		"cold profile":                  {graphQL, profilePost(), shop(), cold(), 990},
		"list of 20, cached":            {graphQL, listPost(), list, graphtest.DefaultSetup(), 32},
		"list of 20, from the entities": {graphQL, listPost(), list, entitiesOnly, 11230},
		"list of 20, cold":              {graphQL, listPost(), list, cold(), 22560},
	} {
		t.Run(name, func(t *testing.T) {
			h := serving(t, tt.handler, tt.data, tt.with)
			got := allocations(20, func() { h.ServeHTTP(httptest.NewRecorder(), tt.request()) })
			if got > tt.most {
				t.Errorf("%v allocations, want at most %v", got, tt.most)
			}
			t.Logf("%v allocations", got)
		})
	}
}
