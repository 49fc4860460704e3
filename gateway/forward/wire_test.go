package forward_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"tributary/gateway/forward"
	"tributary/gateway/upstream"
)

// wire is a service that records the lines of headers that it receives, byte for byte.
type wire struct {
	url string

	mu    sync.Mutex
	lines []string // of the latest request
}

func newWire(t *testing.T) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{url: "http://" + ln.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				running.Go(func() { w.serve(conn) })
			}
		}
	})
	t.Cleanup(func() { _ = ln.Close(); running.Wait() })
	return w
}

// serve answers requests without bodies until the client closes the connection.
func (w *wire) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		var lines []string
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
			lines = append(lines, strings.TrimSuffix(line, "\r\n"))
		}
		w.mu.Lock()
		w.lines = lines
		w.mu.Unlock()
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
			return
		}
	}
}

// received returns the lines of the latest request that must be in the key.
func (w *wire) received() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := slices.DeleteFunc(slices.Clone(w.lines[1:]), func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return name == "Traceparent" || name == "Tracestate" || name == "X-Request-Id"
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestVariant_IsWhatIsOnTheWire sends random requests through a real server to a real service:
// two of them have the same variant exactly if the service receives the same bytes.
func TestVariant_IsWhatIsOnTheWire(t *testing.T) {
	service := newWire(t)
	client, err := upstream.ServiceConfig{URL: service.url, Headers: "X-Key: ours\nX-Key: again"}.
		NewClient("books", upstream.Config{Timeout: time.Minute}, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	names := []string{"Accept-Language", "X-Tenant", "Cookie", "Authorization", "User-Agent", "X_Under", "traceparent", "X-Request-Id", "X-Not-Forwarded", "X-Key"}
	f := newForwarder(forward.Config{Headers: []string{
		"accept-language", "x-tenant", "Cookie@books", "Authorization@books", "User-Agent", "X_Under", "traceparent", "X-Request-Id", "X-Other@authors",
	}})
	var variant string
	front := httptest.NewServer(f.Handler(func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusRequestHeaderFieldsTooLarge)
	})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			variant = forward.Variant(r.Context(), "books")
			if _, err := client.Get(r.Context(), "/x"); err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
			}
		})))
	t.Cleanup(front.Close)
	value := rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "a", "A", "a ", "a,b", "a, b", "de", "DE", "de;q=0.5", "d e", "*", "a; b", "a;b", "a\tb"}),
		rapid.StringMatching(`[ -~\t]{0,12}`),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(0x80, 0xff), 0, 6), func(b []byte) string { return string(b) }),
	)
	draw := rapid.MapOfN(rapid.SampledFrom(names), rapid.SliceOfN(value, 0, 3), 0, len(names))
	send := func(t *rapid.T, header map[string][]string) (key, received string) {
		r, err := http.NewRequest(http.MethodGet, front.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
		resp, err := front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%q: %s", header, resp.Status)
		}
		return variant, service.received()
	}
	rapid.Check(t, func(t *rapid.T) {
		one := draw.Draw(t, "one")
		two := map[string][]string{}
		for name, values := range one {
			two[name] = values
		}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "differ in") {
			two[name] = rapid.SliceOfN(value, 0, 3).Draw(t, "value")
		}
		firstKey, first := send(t, one)
		secondKey, second := send(t, two)
		if (firstKey == secondKey) != (first == second) {
			t.Fatalf("variants %q and %q of\n%s\n\n%s", firstKey, secondKey, first, second)
		}
	})
}
