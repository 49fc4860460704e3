package engine_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/internal/testkit/wstest"
)

// Requests that are complete are answered, however many arrive at a time and whatever they
// might have announced.
func TestMemory_ManySmallBodies(t *testing.T) {
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
func TestMemory_RefusesWhatDoesNotFit(t *testing.T) {
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
func TestMemory_HoldsMessagesWhileTheyRun(t *testing.T) {
	in := newIntake(t, time.Minute)
	message := func(id int) string {
		return fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":%q}}`, id, "subscription { waits } #"+strings.Repeat("x", 700<<10))
	}
	first, held := in.greet(t), 0
	for id := range 3 {
		first.Send(message(id))
		first.Expect(fmt.Sprintf(`{"id":"%d","type":"next","payload":{"data":{"waits":1}}}`, id))
		held += 700 << 10
		if n := int(in.held()); n < held || n > held+10_000 {
			t.Errorf("%d bytes held for %d of messages", n, held)
		}
	}
	first.Send(`{"id":"1","type":"complete"}`)
	until(t, "the end of one", func() bool { return int(in.held()) < held-600<<10 })
	others := []*wstest.Client{in.greet(t), in.greet(t), in.greet(t)}
	for _, c := range others {
		for id := range 2 {
			c.Send(message(id))
			c.Expect(fmt.Sprintf(`{"id":"%d","type":"next","payload":{"data":{"waits":1}}}`, id))
		}
	}
	last := in.greet(t)
	last.Send(message(0))
	last.Closed(websocket.StatusTryAgainLater)
	small := in.greet(t) // is served all the same
	small.Subscribe("1", "{ hello }")
	small.Expect(`{"id":"1","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"1","type":"complete"}`)
	for _, c := range append(others, first, small) {
		_ = c.Conn.CloseNow()
	}
	until(t, "the end of all", func() bool { return in.held() == 0 && in.open() == 0 })
}

// An operation on a stream may last. It holds what it needs, and not the rest of its request.
func TestMemory_HoldsWhatAStreamNeeds(t *testing.T) {
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
func TestMemory_FreesWhatAStreamReleases(t *testing.T) {
	in := newIntake(t, time.Minute)
	const streams, long = 10, 700 << 10
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
	return c.Init()
}
