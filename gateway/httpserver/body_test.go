package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/httpserver"
)

// serveBodies serves a handler that reads a body of at most 10 bytes, and passes on what it
// got.
func serveBodies(t *testing.T, readTimeout, timeout time.Duration, then func(*http.Request, []byte, error)) (addr string) {
	t.Helper()
	bodies := admission.NewBodies(admission.Config{}, 10, prometheus.NewRegistry())
	srv := httptest.NewUnstartedServer(httpserver.Deadline(timeout)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lease := bodies.Lease()
		defer lease.Release()
		body, err := httpserver.ReadBody(w, r, 10, &lease)
		then(r, body, err)
		if err != nil {
			w.WriteHeader(http.StatusTeapot)
		}
	})))
	srv.Config.ReadTimeout = readTimeout
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// send sends a POST and returns the answer.
func send(t *testing.T, addr, header, body string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s", header, body); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestReadBody_Outcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		header, body string
		want         string
		err          error
	}{
		"nothing":             {"Content-Length: 0", "", "", nil},
		"all":                 {"Content-Length: 10", "0123456789", "0123456789", nil},
		"all in chunks":       {"Transfer-Encoding: chunked", "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n", "0123456789", nil},
		"announced too long":  {"Content-Length: 11", "", "", httpserver.ErrBodyTooLong},
		"too long":            {"Transfer-Encoding: chunked", "b\r\n01234567890\r\n0\r\n\r\n", "", httpserver.ErrBodyTooLong},
		"a part":              {"Content-Length: 10", "0123", "", httpserver.ErrBodyTooSlow},
		"a chunk":             {"Transfer-Encoding: chunked", "4\r\n0123\r\n", "", httpserver.ErrBodyTooSlow},
		"within its time":     {"Content-Length: 10\r\nX-Request-Timeout: 0.2", "0123", "", httpserver.ErrBodyTooSlow},
		"with another length": {"Transfer-Encoding: chunked", "ffffffffffffffff\r\n0", "", httpserver.ErrBodyTooSlow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type outcome struct {
				body []byte
				err  error
			}
			read := make(chan outcome, 1)
			addr := serveBodies(t, time.Minute, time.Second, func(_ *http.Request, body []byte, err error) { read <- outcome{body, err} })
			resp := send(t, addr, tt.header, tt.body)
			is := <-read
			got, err := is.body, is.err
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%q and %v, want %q and %v", got, err, tt.want, tt.err)
			}
			if resp.Close != (tt.err != nil) {
				t.Errorf("closed is %v after %v", resp.Close, err)
			}
		})
	}
}

// The earlier of the two deadlines ends the reading, and neither ends what follows it.
func TestReadBody_Deadlines(t *testing.T) {
	for name, tt := range map[string]struct{ readTimeout, timeout time.Duration }{
		"of the server":  {200 * time.Millisecond, time.Minute},
		"of the request": {time.Minute, 200 * time.Millisecond},
		"none":           {0, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serveBodies(t, tt.readTimeout, tt.timeout, func(_ *http.Request, _ []byte, err error) {
				if !errors.Is(err, httpserver.ErrBodyTooSlow) {
					t.Error(err)
				}
			})
			send(t, addr, "Content-Length: 10", "0123")
		})
	}
	t.Run("afterwards", func(t *testing.T) {
		t.Parallel()
		addr := serveBodies(t, 100*time.Millisecond, 500*time.Millisecond, func(r *http.Request, _ []byte, _ error) {
			<-r.Context().Done()
			if err := r.Context().Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: as if the client had disconnected", err)
			}
		})
		resp, err := http.Post("http://"+addr, "text/plain", io.MultiReader(strings.NewReader("0123456789")))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	})
}
