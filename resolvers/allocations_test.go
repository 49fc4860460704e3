package resolvers_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"tributary/gateway/graphqlserver"
	"tributary/internal/graphtest"
	"tributary/internal/upstreamtest"
)

// discard is a response writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// The kept bytes are sent as they are: no execution, no JSON, whose allocations
// would be counted in hundreds.
func TestAKeptAnswerCostsFewAllocations(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(*graphqlserver.Server) http.Handler
		request func() *http.Request
		most    float64
	}{
		"by REST":    {byREST, profileGet(), 16},
		"by GraphQL": {graphQL, profilePost(), 17},
	} {
		t.Run(name, func(t *testing.T) {
			server, stop, err := graphtest.New(upstreamtest.New(t, shop()), graphtest.Usual())
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
			allocations := testing.AllocsPerRun(100, serve)
			t.Logf("%v allocations", allocations)
			if allocations > c.most {
				t.Errorf("%v allocations, want %v at most", allocations, c.most)
			}
		})
	}
}
