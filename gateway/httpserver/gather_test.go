package httpserver_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/httpserver"
)

// counted is a listener that counts what its connections write.
type counted struct {
	net.Listener

	writes atomic.Int64
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &countedConn{c, l}, err
}

type countedConn struct {
	net.Conn

	of *counted
}

func (c *countedConn) Write(p []byte) (int, error) { c.of.writes.Add(1); return c.Conn.Write(p) }

func TestAnAnswerThatIsGatheredLeavesInOnePiece(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count := &counted{Listener: ln}
	size := 0
	server := &httpserver.Server{Log: slog.New(slog.DiscardHandler), Grace: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/gathered" {
			httpserver.Gather(r)
		}
		w.Header().Set("Content-Length", strconv.Itoa(size+len("the end")))
		_, _ = w.Write([]byte(strings.Repeat("a", size)))
		_, _ = io.WriteString(w, "the end")
	})}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- server.Serve(ctx, count) }()
	for _, tt := range []struct {
		path, method string
		size, most   int
	}{
		{"/gathered", http.MethodGet, 0, 1},
		{"/gathered", http.MethodGet, 5000, 1},
		{"/gathered", http.MethodPost, 5000, 1},
		{"/gathered", http.MethodHead, 5000, 1},
		{"/gathered", http.MethodGet, 20000, 1},
		{"/gathered", http.MethodGet, 100000, 4}, // too much to be held
		{"/", http.MethodGet, 5000, 4},
	} {
		size = tt.size
		before := count.writes.Load()
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+ln.Addr().String()+tt.path, strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		want := strings.Repeat("a", tt.size) + "the end"
		if tt.method == http.MethodHead {
			want = ""
		}
		if string(body) != want || err != nil {
			t.Errorf("%+v: %d bytes: %v", tt, len(body), err)
		}
		if writes := count.writes.Load() - before; writes > int64(tt.most) || (tt.path == "/" && writes < 2) {
			t.Errorf("%+v: %d pieces", tt, writes)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
