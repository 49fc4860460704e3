package httpserver_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/gateway/httpserver"
)

// dial opens a connection to the server and sends the beginning of what it is given.
func (r *running) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, text)
	return conn
}

// served sends a request on a connection and reads the response, so that it is idle.
func served(t *testing.T, conn net.Conn) {
	t.Helper()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// At the limit, connections that nothing happens on make room for a probe.
func TestServe_UnusedConnectionsMakeRoom(t *testing.T) {
	const limit = 4
	for name, use := range map[string]func(*testing.T, *running){
		"idle ones":   func(t *testing.T, r *running) { t.Helper(); served(t, r.dial(t, "")) },
		"silent ones": func(t *testing.T, r *running) { t.Helper(); r.dial(t, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, &httpserver.Server{MaxConnections: limit, Handler: http.HandlerFunc(httpserver.Live)})
			for range limit {
				use(t, r)
			}
			for range 2 * limit {
				probe := &http.Client{Transport: &http.Transport{}, Timeout: 4 * time.Second} // before the header's timeout
				resp, err := probe.Get(r.url)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close() // and the connection stays open
				t.Cleanup(probe.CloseIdleConnections)
			}
		})
	}
}

// What is under way is not closed to make room: a request, half of a body, and a connection
// that was taken over, as a WebSocket is.
func TestServe_UsedConnectionsStay(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{}, 3)
	r := start(t, &httpserver.Server{MaxConnections: 3, Grace: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/taken":
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			entered <- struct{}{}
			line, _ := buffered.ReadString('\n')
			_, _ = io.WriteString(conn, line)
			_ = conn.Close()
		case "/body":
			entered <- struct{}{}
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(body)
		case "/slow":
			entered <- struct{}{}
			<-release
		}
	})})
	slow := r.dial(t, "GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n")
	body := r.dial(t, "POST /body HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nha")
	taken := r.dial(t, "GET /taken HTTP/1.1\r\nHost: example.com\r\n\r\n")
	for range 3 {
		<-entered
	}
	waiting := r.dial(t, "GET /other HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
	_ = waiting.SetReadDeadline(time.Now().Add(700 * time.Millisecond))
	if _, err := waiting.Read(make([]byte, 1)); err == nil {
		t.Error("one beyond the limit was answered")
	}
	_ = waiting.SetReadDeadline(time.Time{})
	_, _ = io.WriteString(body, "lf")
	_, _ = io.WriteString(taken, "hello\n")
	close(release)
	for name, conn := range map[string]net.Conn{"a request": slow, "half a body": body, "one that waits": waiting} {
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", name, err)
		} else {
			_ = resp.Body.Close()
		}
	}
	if line, err := bufio.NewReader(taken).ReadString('\n'); line != "hello\n" {
		t.Errorf("one that was taken over has %q, %v", line, err)
	}
}

// A probe is answered however all connections are used, and others that wait get their turn.
func TestServe_ProbesDoNotWait(t *testing.T) {
	const limit, beyond = 16, 3
	for name, tt := range map[string]struct{ busy, others string }{
		"requests that take long":       {"GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n", "GET /other HTTP/1.1\r\nHost: example.com\r\n\r\n"},
		"half of a header":              {"GET /slow HTTP/1.1\r\nHost: exam", "GET /other HTTP/1.1\r\nHost: exam"},
		"half of a body":                {"POST /slow HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9\r\n\r\nhalf", "POST /other HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9\r\n\r\nhalf"},
		"others that say nothing":       {"GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n", ""},
		"others whose address is alike": {"GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n", "GET /livez?x HTTP/1.1\r\nHost: example.com\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			limits := httpserver.Limits{HeaderTimeout: time.Hour, ReadTimeout: time.Hour}
			r := start(t, &httpserver.Server{MaxConnections: limit, Probes: []string{"/livez"}, Limits: limits, Grace: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					<-release
				}
				_, _ = io.WriteString(w, r.URL.Path)
			})})
			var all []net.Conn
			for range limit {
				all = append(all, r.dial(t, tt.busy))
			}
			for range beyond - 1 {
				all = append(all, r.dial(t, tt.others))
			}
			for range 2 * beyond {
				probe := r.dial(t, "GET /livez HTTP/1.1\r\nHost: example.com\r\n\r\n")
				_ = probe.SetReadDeadline(time.Now().Add(20 * time.Second))
				resp, err := http.ReadResponse(bufio.NewReader(probe), nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			close(release)
			for i, conn := range all {
				if !strings.HasSuffix(tt.busy, "\r\n\r\n") || i >= limit && tt.others == "" {
					_ = conn.Close()
					continue
				}
				if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("connection %d: %v", i, err)
				} else {
					_ = resp.Body.Close()
				}
				_ = conn.Close()
			}
		})
	}
}

// A stop waits neither for clients that send nothing nor for those that send half of a
// request's header, and for half of a body no longer than the grace.
func TestServe_StopsDespiteHalfRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		sent  string
		grace time.Duration
	}{
		"nothing":                    {"", time.Minute},
		"half of a header":           {"GET / HTTP/1.1\r\nHost: exam", time.Minute},
		"half of a second header":    {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\nGET / HT", time.Minute},
		"half of a body":             {"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9\r\n\r\nhalf", 10 * time.Millisecond},
		"half of a body that is not": {"POST /unread HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9\r\n\r\nhalf", 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := httpserver.Limits{HeaderTimeout: time.Hour, ReadTimeout: time.Hour}
			r := start(t, &httpserver.Server{Limits: limits, Grace: tt.grace, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/unread" {
					_, _ = io.Copy(io.Discard, r.Body)
				}
			})})
			r.dial(t, tt.sent)
			served(t, r.dial(t, "")) // by then the other has been accepted
			r.stop()
			select {
			case <-r.ended:
			case <-time.After(20 * time.Second):
				t.Error("it has not stopped")
			}
		})
	}
}
