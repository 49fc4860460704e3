package engine_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
)

const (
	intakeTime = 2 * time.Second // for a request whose time is to pass
	intakeBody = 1 << 20         // the longest body
	senders    = 64              // at a time: together they announce eight times the budget
)

// intake is a server with a budget of 8 MiB for bodies, on a real listener.
type intake struct {
	*server

	addr string
}

func newIntake(t *testing.T, timeout time.Duration) *intake {
	t.Helper()
	bounds := limits.Default()
	bounds.Body = intakeBody
	s := newServer(t, engine.Config{Limits: bounds, Batching: 10, Admission: admission.Config{BodiesMB: 8, Operations: 4 * senders}})
	cfg := usualStreams()
	cfg.Max, cfg.Timeout = 2*senders, timeout
	streams := newStreams(s.handler, cfg, s.metrics)
	srv := httptest.NewUnstartedServer(streams.Handler(httpserver.Deadline(timeout)(s.handler)))
	srv.Config.ReadTimeout, srv.Config.IdleTimeout = 5*timeout, time.Minute
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(streams.Close)
	return &intake{s, srv.Listener.Addr().String()}
}

// dial opens a connection that ends with the test of the server.
func (in *intake) dial() *net.TCPConn {
	in.t.Helper()
	conn, err := net.Dial("tcp", in.addr)
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// begin sends the header of a POST, and what follows it.
func (in *intake) begin(header, rest string) *net.TCPConn {
	in.t.Helper()
	conn := in.dial()
	_, err := io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"+header+"\r\n\r\n"+rest)
	if err != nil {
		in.t.Log(err) // it may have been refused before the end
	}
	return conn
}

// upgrade opens a WebSocket that is ready for operations, and returns what is below it.
func (in *intake) upgrade() net.Conn {
	in.t.Helper()
	conn := in.dial()
	_, err := io.WriteString(conn, "GET /graphql HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"+
		frame(opText, `{"type":"connection_init"}`))
	if err != nil {
		in.t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answers, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		in.t.Fatal(resp, err)
	}
	if extensions := resp.Header.Get("Sec-WebSocket-Extensions"); extensions != "" {
		in.t.Errorf("the extensions %s: a compressed message may have any length", extensions)
	}
	ack := make([]byte, 2+len(`{"type":"connection_ack"}`))
	if _, err := io.ReadFull(answers, ack); err != nil {
		in.t.Fatal(err)
	}
	return conn
}

// The opcodes of frames (RFC 6455, section 5.2), the first two without the bit that ends a
// message.
const (
	opBegin    = 0x01
	opContinue = 0x00
	opText     = 0x81
)

// frame is a frame that a client sends, masked by zeros.
func frame(op byte, payload string) string { return announce(op, uint64(len(payload))) + payload }

// announce is the beginning of a frame of a length.
func announce(op byte, length uint64) string {
	head := append([]byte{op, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, length)...)
	return string(append(head, 0, 0, 0, 0))
}

// sending is one way to send a request or a message.
type sending struct {
	send   func(*intake) net.Conn
	status int  // of the answer; 0: there is none
	fills  bool // so many of them really use up the budget for long bodies
}

// dribble sends a byte now and then, until that is refused.
func dribble(conn net.Conn, before, after string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.WriteString(conn, before+" "+after); err != nil {
			return
		}
	}
}

// sendings is the corpus: what is announced, what comes of it, and how.
func sendings() map[string]sending {
	length := func(n any) string { return fmt.Sprint("Content-Length: ", n) }
	const chunked = "Transfer-Encoding: chunked"
	post := func(header, rest string) func(*intake) net.Conn {
		return func(in *intake) net.Conn { return in.begin(header, rest) }
	}
	message := func(text string) func(*intake) net.Conn {
		return func(in *intake) net.Conn {
			conn := in.upgrade()
			_, _ = io.WriteString(conn, text)
			return conn
		}
	}
	abandoned := func(header, body string) func(*intake) net.Conn {
		return func(in *intake) net.Conn {
			conn := in.begin(length(len(body))+header, body)
			_ = conn.SetLinger(0)
			_ = conn.Close()
			return conn
		}
	}
	const long = intakeBody - 1
	return map[string]sending{
		"announced and withheld":       {post(length(intakeBody), ""), 408, false},
		"announced and begun":          {post(length(intakeBody), "{"), 408, false},
		"announced, 17 KiB of it":      {post(length(intakeBody), strings.Repeat(" ", 17<<10)), 408, false},
		"announced, nearly all sent":   {post(length(intakeBody), strings.Repeat(" ", long)), 0, true},
		"announced, one too long":      {post(length(intakeBody+1), ""), 413, false},
		"announced, far too long":      {post(length(int64(1<<63-1)), "{"), 413, false},
		"announced, beyond any number": {post(length("99999999999999999999"), "{"), 400, false},
		"announced as negative":        {post(length(-1), "{"), 400, false},
		"announced to wait for a sign": {post(length(intakeBody)+"\r\nExpect: 100-continue", ""), 0, false},
		"chunks withheld":              {post(chunked, ""), 408, false},
		"a chunk announced":            {post(chunked, "100000\r\n{"), 408, false},
		"a chunk of any size":          {post(chunked, "fffffffffffffff\r\n{"), 408, false},
		"chunks without end": {func(in *intake) net.Conn {
			conn := in.begin(chunked, "")
			go dribble(conn, "1\r\n", "\r\n")
			return conn
		}, 408, false},
		"a dribble": {func(in *intake) net.Conn {
			conn := in.begin(length(intakeBody), "{")
			go dribble(conn, "", "")
			return conn
		}, 408, false},
		"aborted": {func(in *intake) net.Conn {
			conn := in.begin(length(intakeBody), "{")
			_ = conn.SetLinger(0)
			_ = conn.Close()
			return conn
		}, 0, false},
		"half closed": {func(in *intake) net.Conn {
			conn := in.begin(length(intakeBody), "{")
			_ = conn.CloseWrite()
			return conn
		}, 400, false},
		"complete and abandoned":         {abandoned("", `{"query":"{ waits }"}`), 0, false},
		"a list, complete and abandoned": {abandoned("", `[{"query":"{ waits }"},{"query":"{ waits }"}]`), 0, false},
		"events, complete and abandoned": {abandoned("\r\nAccept: text/event-stream", `{"query":"subscription { waits }"}`), 0, false},
		"parts, complete and abandoned":  {abandoned("\r\nAccept: multipart/mixed", `{"query":"{ waits ... @defer { waits } }"}`), 0, false},
		"messages, complete and abandoned": {func(in *intake) net.Conn {
			conn := in.upgrade()
			for _, query := range []string{"{ waits }", "subscription { waits }"} {
				_, _ = io.WriteString(conn, frame(opText, fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, query, query)))
			}
			_ = conn.Close()
			return conn
		}, 0, false},
		"without time":              {post(length(3)+"\r\nX-Request-Timeout: 0.000000001", "{}"), 408, false},
		"a message, negative":       {message(announce(opText, 1<<63) + "{"), 0, false},
		"a message, all of it":      {message(announce(opText, math.MaxUint64) + "{"), 0, false},
		"a ping of any length":      {message(announce(0x89, 1<<62)), 0, false},
		"a close of any length":     {message(announce(0x88, 1<<62)), 0, false},
		"a list, withheld":          {post(length(intakeBody), `[{"query":"{ hello }"}`), 408, false},
		"events, withheld":          {post(length(intakeBody)+"\r\nAccept: text/event-stream", ""), 408, false},
		"events, begun":             {post(length(intakeBody)+"\r\nAccept: text/event-stream", `{"query":`), 408, false},
		"events, impatient":         {post(length(intakeBody)+"\r\nAccept: text/event-stream\r\nX-Request-Timeout: 0.1", ""), 408, false},
		"impatient":                 {post(chunked+"\r\nX-Request-Timeout: 0.1", ""), 408, false},
		"of another type, withheld": {post(length(intakeBody)+"\r\nContent-Encoding: br", ""), 415, false},
		"a message begun":           {message(announce(opText, intakeBody) + "{"), 0, false},
		"a message withheld":        {message(announce(opText, intakeBody)), 0, false},
		"a message nearly all sent": {message(announce(opText, intakeBody) + strings.Repeat(" ", long)), 0, true},
		"a message of any length":   {message(announce(opText, 1<<62) + "{"), 0, false},
		"fragments, withheld":       {message(frame(opBegin, "{")), 0, false},
		"long fragments, withheld":  {message(frame(opBegin, "{") + strings.Repeat(frame(opContinue, strings.Repeat(" ", 100)), 100)), 0, false},
		"fragments without end": {func(in *intake) net.Conn {
			conn := in.upgrade()
			_, _ = io.WriteString(conn, frame(opBegin, "{"))
			go dribble(conn, announce(opContinue, 1), "")
			return conn
		}, 0, false},
		"a bad message, and a frame that never ends": {message(frame(opText, "[]") + announce(opText, 1<<62)), 0, false},
	}
}

// However something is sent, a bystander's requests are answered meanwhile, and afterwards
// nothing is held any more. All of it is sent to one server each, at a time, because it mostly
// waits.
func TestIntake_HoldsWhatHasCome(t *testing.T) {
	var endings []func()
	for name, how := range sendings() {
		in := newIntake(t, intakeTime)
		conns := make([]net.Conn, senders)
		t.Run(name, func(t *testing.T) {
			var sent sync.WaitGroup
			for i := range conns {
				sent.Go(func() { conns[i] = how.send(in) })
			}
			sent.Wait()
			in.bystander(t, how.fills)
		})
		endings = append(endings, func() {
			t.Run(name+" and ended", func(t *testing.T) {
				for _, conn := range conns {
					in.ends(t, conn, how.status)
				}
				until(t, "the end of all requests", func() bool { return in.held() == 0 && in.open() == 0 && in.gauge("admission_operations_running") == 0 })
				in.bystander(t, false)
			})
		})
	}
	for _, ended := range endings {
		ended()
	}
}

// ends waits for the end of a connection, and checks the status of the answer before it. The
// client may not see it if it is still sending.
func (in *intake) ends(t *testing.T, conn net.Conn, status int) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answers := bufio.NewReader(conn)
	if status != 0 {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if resp.StatusCode != status || !resp.Close {
			t.Errorf("%s, closed %v, want %d and closed", resp.Status, resp.Close, status)
		}
	}
	_, err := io.Copy(io.Discard, answers)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection does not end")
	}
}

// bystander sends requests of all usual kinds, which are to be answered. Unless the budget is
// full, they may be long.
func (in *intake) bystander(t *testing.T, full bool) {
	t.Helper()
	const query = `{"query":"{ hello }"}`
	bodies := []io.Reader{strings.NewReader(query), io.MultiReader(strings.NewReader(query)), strings.NewReader(query + strings.Repeat(" ", 15<<10))}
	if !full {
		bodies = append(bodies, strings.NewReader(query+strings.Repeat(" ", 20<<10)), io.MultiReader(strings.NewReader(query+strings.Repeat(" ", 100<<10))))
	}
	for i, body := range bodies {
		resp, err := http.Post("http://"+in.addr+"/graphql", plain, body)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || string(text) != `{"data":{"hello":"hello you"}}`+"\n" {
			t.Errorf("body %d: %d %s", i, resp.StatusCode, text)
		}
	}
}

// held is the memory taken from the budget.
func (in *intake) held() float64 { return in.gauge("admission_body_bytes") }

// open is the number of open streams.
func (in *intake) open() float64 { return in.gauge("graphql_streams_open") }

// gauge is the sum of a gauge over its labels.
func (in *intake) gauge(name string) (sum float64) {
	in.t.Helper()
	sum, _ = testkit.Metric(in.t, in.metrics, name)
	return sum
}
