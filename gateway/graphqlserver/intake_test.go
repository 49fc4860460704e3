package graphqlserver_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/admission"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/httpserver"
	"tributary/internal/testkit/wstest"
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
	limits := graphqlserver.DefaultLimits()
	limits.Body = intakeBody
	s := newServer(t, graphqlserver.Config{Limits: limits, Batching: 10, Admission: admission.Config{BodiesMB: 8}})
	cfg := usualStreams()
	cfg.Max, cfg.Timeout = 2*senders, timeout
	streams := graphqlserver.NewStreams(s.handler, cfg, s.metrics)
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
				until(t, "the end of all requests", func() bool { return in.held() == 0 && in.open() == 0 })
				in.bystander(t, false)
			})
		})
	}
	for _, ended := range endings {
		ended()
	}
}

// Requests that are complete are answered, however many arrive at a time and whatever they
// might have announced.
func TestIntake_ManySmallBodies(t *testing.T) {
	in := newIntake(t, time.Minute)
	const small = `{"query":"{ hello }","operationName":null}`
	begun := map[string]*net.TCPConn{}
	for i := range 200 {
		begun[fmt.Sprint("chunked ", i)] = in.begin("Transfer-Encoding: chunked", fmt.Sprintf("14\r\n%s\r\n", small[:20]))
		begun[fmt.Sprint("announced ", i)] = in.begin(fmt.Sprint("Content-Length: ", len(small)), small[:20])
	}
	until(t, "the beginning of all", func() bool { return in.held() == 400*20 })
	for name, conn := range begun {
		rest := small[20:]
		if strings.HasPrefix(name, "chunked") {
			rest = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(rest), rest)
		}
		if _, err := io.WriteString(conn, rest); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", name, resp, err)
		}
	}
	until(t, "the end of all requests", func() bool { return in.held() == 0 })
}

// Long bodies use up their share of the budget, and no more. The next one is refused so that
// its client tries again, and admitted when there is memory again.
func TestIntake_RefusesWhatDoesNotFit(t *testing.T) {
	in := newIntake(t, time.Minute)
	long := `{"query":"{ hello }"}` + strings.Repeat(" ", 900<<10)
	post := func() (*http.Response, string) {
		resp, err := http.Post("http://"+in.addr+"/graphql", plain, strings.NewReader(long))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return resp, string(text)
	}
	var filling []net.Conn
	for range 6 { // of the 6 MiB of the large share
		filling = append(filling, in.begin(fmt.Sprint("Content-Length: ", intakeBody), strings.Repeat(" ", 1000<<10)))
	}
	until(t, "the bodies", func() bool { return in.held() == 6*1000<<10 })
	resp, text := post()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || !strings.Contains(text, `"OVERLOADED"`) {
		t.Errorf("%s %v %s", resp.Status, resp.Header, text)
	}
	if n := in.count("admission_bodies_shed_total"); n != 1 {
		t.Errorf("%v shed", n)
	}
	_ = filling[0].Close()
	until(t, "the end of one", func() bool { return in.held() == 5*1000<<10 })
	if resp, text := post(); resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s", resp.Status, text)
	}
	for _, conn := range filling {
		_ = conn.Close()
	}
	until(t, "the end of all", func() bool { return in.held() == 0 })
}

// A message is held as long as its operation runs, and messages share the budget of bodies.
func TestIntake_HoldsMessagesWhileTheyRun(t *testing.T) {
	in := newIntake(t, time.Minute)
	message := func(id int) string {
		return fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":%q}}`, id, "subscription { waits } #"+strings.Repeat("x", 700<<10))
	}
	first, held := in.greet(t), 0
	for id := range 3 {
		first.Say(message(id))
		first.Hear(fmt.Sprintf(`{"id":"%d","type":"next","payload":{"data":{"waits":1}}}`, id))
		held += 700 << 10
		if n := int(in.held()); n < held || n > held+10_000 {
			t.Errorf("%d bytes held for %d of messages", n, held)
		}
	}
	first.Say(`{"id":"1","type":"complete"}`)
	until(t, "the end of one", func() bool { return int(in.held()) < held-600<<10 })
	others := []*wstest.Client{in.greet(t), in.greet(t), in.greet(t)}
	for _, c := range others {
		for id := range 2 {
			c.Say(message(id))
			c.Hear(fmt.Sprintf(`{"id":"%d","type":"next","payload":{"data":{"waits":1}}}`, id))
		}
	}
	last := in.greet(t)
	last.Say(message(0))
	last.Closed(websocket.StatusTryAgainLater)
	small := in.greet(t) // is served all the same
	small.Subscribe("1", "{ hello }")
	small.Hear(`{"id":"1","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"1","type":"complete"}`)
	for _, c := range append(others, first, small) {
		_ = c.Conn.CloseNow()
	}
	until(t, "the end of all", func() bool { return in.held() == 0 && in.open() == 0 })
}

// An operation on a stream may last. It holds what it needs, and not the rest of its request.
func TestIntake_HoldsWhatAStreamNeeds(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	payload := fmt.Sprintf(`{"query":"query($name: String!) { hello(name: $name) waits }","variables":{"name":%q,"other":%q},"x":[%s1]}`, long, long, strings.Repeat("1,", 10_000))
	for name, begin := range map[string]func(*intake) io.Closer{
		"WebSocket": func(in *intake) io.Closer {
			conn := in.upgrade()
			_, _ = io.WriteString(conn, frame(opText, `{"id":"1","type":"subscribe","payload":`+payload+`}`))
			return conn
		},
		"events": func(in *intake) io.Closer {
			return in.begin(fmt.Sprintf("Accept: text/event-stream\r\nContent-Length: %d", len(payload)), payload)
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := newIntake(t, time.Minute)
			conn := begin(in)
			until(t, "the operation", func() bool { return in.held() > float64(len(long)) && in.held() < float64(len(long)+10_000) })
			_ = conn.Close()
			until(t, "its end", func() bool { return in.held() == 0 })
		})
	}
}

// What a stream gives back of its memory is not in use any more.
func TestIntake_FreesWhatAStreamReleases(t *testing.T) {
	in := newIntake(t, time.Minute)
	const streams, long = 20, 700 << 10
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	payload := fmt.Sprintf(`{"query":"query($name: String!) { hello(name: $name) waits }","variables":{"name":"me","other":%q}}`, strings.Repeat("x", long))
	before := heap()
	var conns []net.Conn
	for i := range streams {
		if i%2 == 0 {
			conns = append(conns, in.begin(fmt.Sprintf("Accept: text/event-stream\r\nContent-Length: %d", len(payload)), payload))
		} else {
			conn := in.upgrade()
			_, _ = io.WriteString(conn, frame(opText, `{"id":"1","type":"subscribe","payload":`+payload+`}`))
			conns = append(conns, conn)
		}
		until(t, "the operation", func() bool { return in.held() > 0 && in.held() < float64(1000*(i+1)) })
	}
	if more := heap() - before; more > streams*long/2 {
		t.Errorf("%d bytes in use for %d held", more, int(in.held()))
	} else {
		t.Logf("%d bytes in use for %d held", more, int(in.held()))
	}
	runtime.KeepAlive(conns)
}

// greet opens a WebSocket that is ready for operations.
func (in *intake) greet(t *testing.T) *wstest.Client {
	t.Helper()
	c, _ := wstest.Dial(t, "http://"+in.addr+"/graphql", wstest.Protocol, nil)
	return c.Greet()
}

// The values of a request are counted before they are decoded, by whatever way they come and
// wherever they stand.
func TestIntake_ValuesHoldAtTheirLimit(t *testing.T) {
	limits := graphqlserver.DefaultLimits()
	limits.Values = 50
	list := func(n int) string { return "[1" + strings.Repeat(", {}", n-2) + "]" } // n values
	for name, tt := range map[string]struct {
		body func(n int) string
		url  func(n int) url.Values
	}{
		"variables": {func(n int) string { return `{"query":"{ hello }","variables":{"a":` + list(n-3) + `}}` }, nil},
		"members":   {func(n int) string { return `{"query":"{ hello }"` + times(n-2, `,"m#":"x"`) + `}` }, nil},
		"names": {func(n int) string {
			return `{"query":"{ hello }","variables":{"a[,{":1` + times(n-4, `,"\"#,":[]`) + `}}`
		}, nil},
		"extensions": {func(n int) string { return `{"query":"{ hello }","extensions":{"a":` + list(n-3) + `}}` }, nil},
		"elsewhere":  {func(n int) string { return `{"query":"{ hello }","x":` + list(n-2) + `}` }, nil},
		"a list": {func(n int) string {
			return `[{"query":"{ hello }","x":` + list(20) + `},{"query":"{ hello }","x":` + list(n-25) + `}]`
		}, nil},
		"GET": {nil, func(n int) url.Values {
			return url.Values{"query": {"{ hello }"}, "variables": {`{"a":` + list(n-21) + `}`}, "extensions": {`{"b":` + list(19) + `}`}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, graphqlserver.Config{Limits: limits, Batching: 2})
			ask := func(n int) reply {
				if tt.url != nil {
					return s.do(http.MethodGet, tt.url(n).Encode(), "", "Accept", graphQL)
				}
				return s.post(tt.body(n))
			}
			if got := ask(limits.Values); got.status != http.StatusOK || !strings.Contains(got.text, "hello you") {
				t.Errorf("at the limit: %d %s", got.status, got.text)
			}
			over := ask(limits.Values+1).expect(422, "QUERY_TOO_COMPLEX").answer().Errors[0]
			if e := over.Extensions; e["limit"] != "values" || e["allowed"] != 50.0 || e["value"] != 51.0 {
				t.Errorf("one above: %v", e)
			}
			if n := s.count("graphql_limit_hits_total", "values"); n != 1 {
				t.Errorf("counted %v", n)
			}
		})
	}
}

// On streams, too many values refuse their operation alone.
func TestIntake_ValuesOfStreams(t *testing.T) {
	limits := graphqlserver.DefaultLimits()
	limits.Values = 5
	s := newStreaming(t, usualStreams(), limits)
	c := s.greeted(t)
	c.Say(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }","x":[1,2]}}`)
	c.Hear(`{"id":"1","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"1","type":"complete"}`)
	c.Say(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }","x":[1,2,3]}}`)
	c.Hear(`{"id":"1","type":"error","payload":[{"message":"the request has 6 JSON values, more than 5","extensions":{"allowed":5,"code":"QUERY_TOO_COMPLEX","limit":"values","value":6}}]}`)
	c.Say(`{"type":"ping","payload":{"x":[1,2,3,4,5,6,7]}}`) // which nobody decodes
	c.Hear(`{"type":"pong"}`)
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
	families, err := in.metrics.Gather()
	if err != nil {
		in.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
