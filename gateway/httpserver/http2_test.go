package httpserver_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
)

// peer is an HTTP/2 client that sends what it likes. Streams have the numbers 1, 3, 5 and so on.
type peer struct {
	net.Conn
	*http2.Framer

	header []byte // of a request
	next   uint32
	ended  chan struct{} // closed when the server has closed the connection
	answer chan uint32   // the streams whose headers have come
	goAway atomic.Uint32 // error code of GOAWAY, plus one
}

func (r *running) http2(t *testing.T) *peer {
	t.Helper()
	conn := r.dial(t, http2.ClientPreface)
	var header bytes.Buffer
	e := hpack.NewEncoder(&header)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "example.com"}, {":path", "/"}} {
		_ = e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	p := &peer{Conn: conn, Framer: http2.NewFramer(conn, conn), header: header.Bytes(), next: 1, ended: make(chan struct{}), answer: make(chan uint32, 1<<16)}
	if err := p.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for {
			frame, err := p.ReadFrame()
			if err != nil {
				return
			}
			switch frame := frame.(type) {
			case *http2.HeadersFrame:
				p.answer <- frame.StreamID
			case *http2.GoAwayFrame:
				p.goAway.Store(uint32(frame.ErrCode) + 1)
			}
		}
	}()
	return p
}

// request begins a request, and returns its stream.
func (p *peer) request() (stream uint32, err error) {
	stream = p.next
	p.next += 2
	return stream, p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: p.header, EndStream: true, EndHeaders: true})
}

// counting counts the requests that it holds until they are released or their clients leave.
type counting struct {
	now, most, all atomic.Int64
	release        chan struct{}
}

func (c *counting) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/bystander" {
		return
	}
	n := c.now.Add(1)
	defer c.now.Add(-1)
	c.all.Add(1)
	for most := c.most.Load(); n > most; most = c.most.Load() {
		c.most.CompareAndSwap(most, n)
	}
	select {
	case <-c.release:
	case <-r.Context().Done():
	}
}

const streams = 10

func startHTTP2(t *testing.T) (*running, *counting) {
	t.Helper()
	h := &counting{release: make(chan struct{})}
	r := start(t, &httpserver.Server{Handler: h, HTTP2: httpserver.HTTP2{Streams: streams, Cleartext: true}, Grace: time.Second})
	return r, h
}

// bystander sees that another client is answered.
func bystander(t *testing.T, r *running) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Get(r.url + "/bystander")
	if err != nil {
		t.Errorf("a bystander: %v", err)
		return
	}
	_ = resp.Body.Close()
}

func TestHTTP2_Cleartext(t *testing.T) {
	for _, on := range []bool{true, false} {
		r := start(t, &httpserver.Server{Handler: http.HandlerFunc(httpserver.Live), HTTP2: httpserver.HTTP2{Cleartext: on}})
		protocols := &http.Protocols{}
		protocols.SetUnencryptedHTTP2(true)
		client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
		resp, err := client.Get(r.url)
		if on != (err == nil && resp.ProtoMajor == 2) {
			t.Errorf("h2c %t: %v", on, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
		client.CloseIdleConnections()
	}
}

func TestHTTP2_StreamsAreBounded(t *testing.T) {
	r, h := startHTTP2(t)
	p := r.http2(t)
	for range 50 * streams {
		if _, err := p.request(); err != nil {
			break
		}
	}
	testkit.WaitFor(t, "the first requests", func() bool { return h.now.Load() == streams })
	bystander(t, r)
	close(h.release)
	testkit.WaitFor(t, "their answers", func() bool { return h.now.Load() == 0 })
	if most := h.most.Load(); most > streams {
		t.Errorf("%d requests of one connection at once, want at most %d", most, streams)
	}
}

// TestHTTP2_RapidReset begins requests and cancels each at once, as fast as it can
// (CVE-2023-44487).
func TestHTTP2_RapidReset(t *testing.T) {
	r, h := startHTTP2(t)
	before := runtime.NumGoroutine()
	p := r.http2(t)
	most := 0
	for i := range 20_000 {
		stream, err := p.request()
		if err == nil {
			err = p.WriteRSTStream(stream, http2.ErrCodeCancel)
		}
		if err != nil {
			break // the server has had enough
		}
		if i%1000 == 0 {
			bystander(t, r)
			most = max(most, runtime.NumGoroutine()-before)
		}
	}
	if n := h.most.Load(); n > streams {
		t.Errorf("%d requests at once, want at most %d", n, streams)
	}
	if most > 10*streams {
		t.Errorf("%d goroutines", most)
	}
	close(h.release)
}

// TestHTTP2_HeadersWithoutEnd sends headers in endless CONTINUATION frames (CVE-2023-45288), and
// some that are compressed a thousandfold.
func TestHTTP2_HeadersWithoutEnd(t *testing.T) {
	for name, fragment := range map[string]func() []byte{
		"continuation": func() []byte {
			var b bytes.Buffer
			_ = hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("y", 8000), Sensitive: true})
			return b.Bytes()
		},
		"compressed": func() []byte { return bytes.Repeat([]byte{0xbe}, 8000) }, // the first entry of the dynamic table
	} {
		t.Run(name, func(t *testing.T) {
			r, h := startHTTP2(t)
			p := r.http2(t)
			first := append([]byte(nil), p.header...)
			if name == "compressed" {
				var b bytes.Buffer
				_ = hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("y", 4000)})
				first = append(first, b.Bytes()...)
			}
			if err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: first, EndStream: true}); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sent := 0
			for more := fragment(); sent < 64<<20; sent += len(more) {
				if err := p.WriteContinuation(1, false, more); err != nil {
					break
				}
			}
			select {
			case <-p.ended:
			case <-time.After(10 * time.Second):
				t.Errorf("the connection is open after %d bytes of headers", sent)
			}
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("%d bytes of memory for %d bytes of headers", grown, sent)
			}
			if n := h.all.Load(); n > 0 {
				t.Errorf("%d requests were handled", n)
			}
			bystander(t, r)
		})
	}
}

// At the limit of connections, one without requests makes room, though its client goes on
// sending frames that belong to none; one with a request stays.
func TestHTTP2_IdleConnectionsMakeRoom(t *testing.T) {
	h := &counting{release: make(chan struct{})}
	r := start(t, &httpserver.Server{Handler: h, HTTP2: httpserver.HTTP2{Cleartext: true}, MaxConnections: 2, Grace: time.Second})
	busy, unused := r.http2(t), r.http2(t)
	if _, err := busy.request(); err != nil {
		t.Fatal(err)
	}
	testkit.WaitFor(t, "the request", func() bool { return h.now.Load() == 1 })
	for range 3 {
		if err := unused.WritePing(false, [8]byte{}); err != nil {
			t.Fatal(err)
		}
	}
	bystander(t, r)
	select {
	case <-unused.ended:
	case <-time.After(5 * time.Second):
		t.Error("the unused connection is open")
	}
	close(h.release)
	select {
	case <-busy.answer:
	case <-time.After(5 * time.Second):
		t.Error("the request was cut off")
	}
}

// A stop answers what was accepted, and says so to clients that are connected.
func TestHTTP2_StopLetsRequestsEnd(t *testing.T) {
	r, h := startHTTP2(t)
	p := r.http2(t)
	if _, err := p.request(); err != nil {
		t.Fatal(err)
	}
	testkit.WaitFor(t, "the request", func() bool { return h.now.Load() == 1 })
	r.stop()
	testkit.WaitFor(t, "GOAWAY", func() bool { return p.goAway.Load() == uint32(http2.ErrCodeNo)+1 })
	close(h.release)
	select {
	case <-p.answer:
	case <-time.After(5 * time.Second):
		t.Error("the request was cut off")
	}
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	_ = p.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, p.Conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is open after the stop")
	}
}
