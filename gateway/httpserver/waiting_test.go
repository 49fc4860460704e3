package httpserver_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
	"tributary/internal/testkit/certtest"
)

// full is a server of which the limit of connections is reached by requests for /slow, which
// end when they are released.
type full struct {
	*running
	release chan struct{}
	client  func() *http.Client // with a connection of its own
}

func startFull(t *testing.T, s *httpserver.Server, client func() *http.Client) *full {
	t.Helper()
	f := &full{release: make(chan struct{})}
	entered := make(chan struct{}, s.MaxConnections)
	s.Probes, s.Grace = []string{"/livez"}, time.Minute
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- struct{}{}
			<-f.release
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	f.running = start(t, s)
	if s.Certificates != nil {
		f.url = strings.Replace(f.url, "http:", "https:", 1)
	}
	f.client = func() *http.Client {
		c := client()
		c.Timeout = 30 * time.Second
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	for range s.MaxConnections {
		f.get("/slow")
	}
	for range s.MaxConnections {
		<-entered
	}
	return f
}

// get sends a request on a connection of its own; the channel receives the response, whose
// body is closed, or nil.
func (f *full) get(path string) <-chan *http.Response {
	answer := make(chan *http.Response, 1)
	go func() {
		resp, err := f.client().Get(f.url + path)
		if err == nil {
			_ = resp.Body.Close()
		}
		answer <- resp
	}()
	return answer
}

// protocols are how a client may speak to a server, with the settings that this needs.
func protocols(t *testing.T) map[string]func(*httpserver.Server) func() *http.Client {
	t.Helper()
	authority := certtest.New(t)
	encrypted := func(s *httpserver.Server, http2 bool) func() *http.Client {
		cfg, _ := files(t, authority)
		s.Certificates = certificates(t, cfg, slog.New(slog.DiscardHandler))
		return func() *http.Client {
			return &http.Client{Transport: &http.Transport{TLSClientConfig: authority.Client(t, false), ForceAttemptHTTP2: http2}}
		}
	}
	return map[string]func(*httpserver.Server) func() *http.Client{
		"HTTP/1.1": func(*httpserver.Server) func() *http.Client {
			return func() *http.Client { return &http.Client{Transport: &http.Transport{}} }
		},
		"HTTP/2": func(s *httpserver.Server) func() *http.Client {
			s.HTTP2.Cleartext = true
			return func() *http.Client {
				p := &http.Protocols{}
				p.SetUnencryptedHTTP2(true)
				return &http.Client{Transport: &http.Transport{Protocols: p}}
			}
		},
		"HTTP/1.1 over TLS": func(s *httpserver.Server) func() *http.Client { return encrypted(s, false) },
		"HTTP/2 over TLS":   func(s *httpserver.Server) func() *http.Client { return encrypted(s, true) },
	}
}

// Probes are answered, by any protocol, while all connections are in use and more requests
// come than may wait. Of these some wait and get their turn; the others are refused.
func TestServe_MoreThanMayWait(t *testing.T) {
	const limit = 8
	for name, protocol := range protocols(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &httpserver.Server{MaxConnections: limit, Limits: httpserver.Limits{HeaderTimeout: time.Hour, ReadTimeout: time.Hour}}
			client := protocol(s)
			f := startFull(t, s, client)
			var others []<-chan *http.Response
			for range 3 * limit {
				others = append(others, f.get("/other"))
			}
			for n := range limit / 2 {
				if resp := <-f.get("/livez"); resp == nil || resp.StatusCode != http.StatusOK {
					t.Fatalf("probe %d: %v", n, resp)
				}
			}
			close(f.release)
			statuses := map[int]int{}
			for _, other := range others {
				resp := <-other
				if resp == nil {
					t.Fatal("a request has no answer")
				}
				statuses[resp.StatusCode]++
				if h := resp.Header; resp.StatusCode == http.StatusServiceUnavailable &&
					(h.Get("Retry-After") != "1" || h.Get("Content-Type") != "application/problem+json" || h.Get("X-Content-Type-Options") != "nosniff") {
					t.Errorf("refused with %v", h)
				}
			}
			if statuses[http.StatusOK] == 0 || statuses[http.StatusOK]+statuses[http.StatusServiceUnavailable] != len(others) {
				t.Errorf("answered with %v", statuses)
			}
		})
	}
}

// What waits for room does not wait forever: a client that leaves gives up its place, and one
// that stays is refused when its time is over.
func TestServe_WaitingEnds(t *testing.T) {
	const request = "GET /other HTTP/1.1\r\nHost: example.com\r\n\r\n"
	plain := func() *http.Client { return &http.Client{Transport: &http.Transport{}} }
	waits := func(conn net.Conn) bool {
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	t.Run("the client leaves", func(t *testing.T) {
		t.Parallel()
		f := startFull(t, &httpserver.Server{MaxConnections: 8, Limits: httpserver.Limits{HeaderTimeout: time.Hour, ReadTimeout: time.Hour}}, plain)
		var waiting []net.Conn
		testkit.WaitFor(t, "nobody else may wait", func() bool {
			conn := f.dial(t, request)
			if waits(conn) {
				waiting = append(waiting, conn)
				return false
			}
			return true
		})
		for _, conn := range waiting {
			_ = conn.Close()
		}
		testkit.WaitFor(t, "there is a place again", func() bool { return waits(f.dial(t, request)) })
		close(f.release)
	})
	t.Run("the time is over", func(t *testing.T) {
		t.Parallel()
		f := startFull(t, &httpserver.Server{MaxConnections: 8, Limits: httpserver.Limits{HeaderTimeout: 200 * time.Millisecond}}, plain)
		for range 2 {
			if resp := <-f.get("/other"); resp == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
				t.Errorf("answered with %v", resp)
			}
		}
		close(f.release)
	})
}

// A probe is one however its bytes arrive.
func TestServe_ProbeInPieces(t *testing.T) {
	const probe = "GET /livez HTTP/1.1\r\nHost: example.com\r\n\r\n"
	f := startFull(t, &httpserver.Server{MaxConnections: 2}, func() *http.Client { return &http.Client{Transport: &http.Transport{}} })
	for _, cut := range []int{1, 3, 6, 11, 19, 21, len(probe) - 1} {
		conn := f.dial(t, probe[:cut])
		served := make(chan error, 1)
		go func() {
			_, err := http.ReadResponse(bufio.NewReader(conn), nil)
			served <- err
		}()
		time.Sleep(5 * time.Millisecond) // so that the pieces are read apart
		_, _ = io.WriteString(conn, probe[cut:])
		if err := <-served; err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	close(f.release)
}
