package upstream_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

func TestBody_Decompressed(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.Gzip(`{"packed":true}`)))
	answer, err := c.Get(t.Context(), "/things")
	if err != nil || string(answer) != `{"packed":true}` {
		t.Errorf("got %q, %v", answer, err)
	}
	if got := c.up.Requests()[0].Header.Get("Accept-Encoding"); got != "gzip" {
		t.Errorf("asked for the encoding %q", got)
	}
}

func TestBody_AtLimit(t *testing.T) {
	for n, want := range map[int]string{999: "ok", 1000: "ok", 1001: "invalid_response"} {
		body := strings.Repeat("x", n)
		for how, b := range map[string]faultyupstream.Behaviour{"plain": faultyupstream.JSON(body), "packed": faultyupstream.Gzip(body)} {
			if got := over(t, once, faultyupstream.Always(b)).get(t.Context()); got != want {
				t.Errorf("%d bytes, %s: %s, want %s", n, how, got, want)
			}
		}
	}
}

// A body that is announced as too long is not read at all, and one that turns out to be
// too long is read only up to the limit.
func TestBody_BeyondLimit(t *testing.T) {
	t.Parallel()
	// Socket buffers hold some megabytes, so the limit is well above that.
	const limit, much, buffered = 48 << 20, 1 << 30, 24 << 20
	var written atomic.Int64
	for name, bound := range map[string]int64{"announced": buffered, "chunked": limit + buffered} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written.Store(0)
			gone := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				defer close(gone)
				if name == "announced" {
					w.Header().Set("Content-Length", fmt.Sprint(much))
				}
				for block := make([]byte, 1<<16); written.Load() < much; {
					n, err := w.Write(block)
					written.Add(int64(n))
					if err != nil {
						return
					}
				}
			}))
			defer s.Close()
			c, err := upstream.NewClient("things", s.URL, upstream.Config{Timeout: 30 * time.Second, MaxBody: limit}, upstream.NewMetrics(prometheus.NewRegistry()))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(t.Context(), ""); reason(t, err) != "invalid_response" {
				t.Errorf("got the error %v", err)
			}
			<-gone // the service has noticed the disconnect
			if n := written.Load(); n > bound {
				t.Errorf("the service could write %d bytes", n)
			}
		})
	}
}
