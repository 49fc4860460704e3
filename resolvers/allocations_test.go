package resolvers_test

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"testing"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// discard is a response writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// allocations counts what f allocates. A collection meanwhile empties pools that
// fill again: the least of three counts.
func allocations(runs int, f func()) float64 {
	least := math.Inf(1)
	for range 3 {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}

// The kept bytes are sent as they are: no execution, no JSON, whose allocations
// would be counted in hundreds.
func TestAllocations_CachedResponse(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(*graphtest.Server) http.Handler
		request func() *http.Request
		most    float64
	}{
		"by REST":    {byREST, profileGet(), 6},
		"by GraphQL": {graphQL, profilePost(), 11},
	} {
		t.Run(name, func(t *testing.T) {
			server, stop, err := graphtest.New(upstreamtest.New(t, shop()), graphtest.DefaultSetup())
			must(t, err)
			t.Cleanup(func() { must(t, stop()) })
			h, r, w := c.handler(server), c.request(), discard{http.Header{}}
			var body []byte
			if r.Body != nil {
				body, err = io.ReadAll(r.Body)
				must(t, err)
			}
			rewound := bytes.NewReader(body)
			serve := func() {
				rewound.Reset(body)
				r.Body = io.NopCloser(rewound)
				clear(w.header)
				h.ServeHTTP(w, r)
			}
			serve()
			got := allocations(100, serve)
			t.Logf("%v allocations", got)
			if got > c.most {
				t.Errorf("%v allocations, want %v at most", got, c.most)
			}
		})
	}
}
