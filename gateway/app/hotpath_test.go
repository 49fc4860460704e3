package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/gateway/internal/testgraph"
	"tributary/gateway/telemetry"
)

// hits are requests whose answers are kept, by name. They cost next to nothing
// to make, so that what is measured is the gateway's.
func hits() map[string]func() *http.Request {
	const query = `{"query":"{ author(id: \"a1\") { id name books { id title price } } }"}`
	get, post := &url.URL{Path: "/api/authors/a1"}, &url.URL{Path: "/graphql"}
	accept := []string{"application/json"}
	return map[string]func() *http.Request{
		"by REST": func() *http.Request {
			return &http.Request{Method: http.MethodGet, URL: get, ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Accept": accept}, Body: http.NoBody}
		},
		"by GraphQL": func() *http.Request {
			return &http.Request{Method: http.MethodPost, URL: post, ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Accept": accept, "Content-Type": accept},
				Body:   io.NopCloser(strings.NewReader(query)), ContentLength: int64(len(query))}
		},
	}
}

// nowhere is a response writer that counts and discards bytes.
type nowhere struct {
	header http.Header
	status int
	bytes  int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(status int)      { w.status = status }
func (w *nowhere) Write(p []byte) (int, error) { w.bytes += len(p); return len(p), nil }

// SetReadDeadline is what the response writers of net/http have.
func (w *nowhere) SetReadDeadline(time.Time) error { return nil }

// warm is the whole gateway, with all that is on by default, when it keeps the
// answer to a request.
func warm(t testing.TB, request func() *http.Request) http.Handler {
	t.Helper()
	up := testgraph.Start(t)
	handler, _ := assemble(t, up.URLs, func(cfg telemetry.LogConfig) *slog.Logger { return telemetry.NewLogger(io.Discard, cfg) },
		func(cfg *gatewayConfig) { cfg.Cache.TTL = 1 << 40 })
	for range 2 {
		if w := answerOf(handler, request()); w.status != http.StatusOK || w.bytes == 0 {
			t.Fatalf("status %d, %d bytes", w.status, w.bytes)
		}
	}
	if calls := up.Calls(); calls != "authors=1 books=1" {
		t.Fatal(calls)
	}
	return handler
}

func answerOf(h http.Handler, r *http.Request) *nowhere {
	w := &nowhere{header: http.Header{}}
	h.ServeHTTP(w, r)
	return w
}

// BenchmarkHit is what an answer that is kept takes of the gateway, from the
// request that net/http has read to the answer that it is to write.
func BenchmarkHit(b *testing.B) {
	for name, request := range hits() {
		b.Run(name, func(b *testing.B) {
			h := warm(b, request)
			b.ReportAllocs()
			for b.Loop() {
				answerOf(h, request())
			}
		})
	}
}
