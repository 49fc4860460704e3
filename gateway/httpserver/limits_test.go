package httpserver_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/gateway/httpserver"
)

// dial connects to a server and sends text.
func dial(t *testing.T, r *running, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

func TestTimeouts_SlowHeader(t *testing.T) {
	r := start(t, &httpserver.Server{Limits: httpserver.Limits{HeaderTimeout: 50 * time.Millisecond}, Handler: http.NotFoundHandler()})
	got, err := io.ReadAll(dial(t, r, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow"))
	if err != nil && !errors.Is(err, syscall.ECONNRESET) || strings.Contains(string(got), "404") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTimeouts_SlowBody(t *testing.T) {
	read := make(chan error, 1)
	r := start(t, &httpserver.Server{Limits: httpserver.Limits{ReadTimeout: 50 * time.Millisecond}, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})})
	dial(t, r, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

func TestTimeouts_SlowReader(t *testing.T) {
	wrote := make(chan error, 1)
	r := start(t, &httpserver.Server{WriteTimeout: 100 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				wrote <- err
				return
			}
		}
	})})
	dial(t, r, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") // and reads nothing
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

func TestLimits_LongHeader(t *testing.T) {
	r := start(t, &httpserver.Server{Limits: httpserver.Limits{HeaderBytes: 1 << 10}, Handler: http.NotFoundHandler()})
	conn := dial(t, r, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: "+strings.Repeat("a", 8<<10)+"\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v, %v", resp, err)
	}
}
