package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// narrow is a gateway that executes one operation at a time without a queue. Operations that load
// orders last until they are released.
type narrow struct {
	*program
	up   *upstreamtest.Upstreams
	held atomic.Pointer[chan struct{}]
}

func newNarrow(t *testing.T) *narrow {
	t.Helper()
	n := &narrow{up: upstreamtest.New(t, upstreamtest.NewData(9, 1, 1, 1))}
	n.up.Delay(func(c upstreamtest.Call) time.Duration {
		if held := n.held.Load(); held != nil && c.Service == upstreamtest.Orders {
			<-*held
		}
		return 0
	})
	n.program = startGateway(t, testkit.KeepAddr(t), append(over(n.up), "--drain-delay=0s", "--cache-ttl=1m", "--max-operations=1", "--operation-queue=0", "--graphql-batching=5", "--request-timeout=1m", "--upstream-timeout=50s")...)
	return n
}

// hold keeps operations from ending until the function that it gives is called.
func (n *narrow) hold() (letGo func()) {
	held := make(chan struct{})
	n.held.Store(&held)
	n.up.Reset()
	letGo = sync.OnceFunc(func() { n.held.Store(nil); close(held) })
	n.t.Cleanup(letGo) // or the services would wait for ever
	return letGo
}

// ask posts a body and gives status and answer.
func (n *narrow) ask(accept, body string) (*http.Response, string) {
	resp := n.post(accept, body)
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Error(err)
	}
	return resp, strings.TrimSpace(string(text))
}

func (n *narrow) post(accept, body string) *http.Response {
	s := &system{t: n.t, gateway: n.url}
	return s.send(http.MethodPost, n.url+"/graphql", body, "Content-Type", "application/json", "Accept", accept)
}

const (
	overloaded = `{"errors":[{"message":"too many concurrent requests","extensions":{"code":"OVERLOADED"}}]}`
	mediaJSON  = "application/json"
)

func ordersOf(user int) string {
	return fmt.Sprintf(`{"query":"{ orders(userId: \"u%d\") { id } }"}`, user)
}

// However an operation comes, it needs a turn of its own; what is cached needs none.
func TestAdmission_EveryTransport(t *testing.T) {
	n := newNarrow(t)
	const cached, its = `{"query":"{ user(id: \"u1\") { id } }"}`, `{"data":{"user":{"id":"u1"}}}`
	if _, got := n.ask(mediaJSON, cached); got != its {
		t.Fatal(got)
	}
	c, _ := dial(t, n.url)
	c.Init()
	letGo := n.hold()
	first := make(chan string, 1)
	go func() { _, got := n.ask(mediaJSON, ordersOf(1)); first <- got }()
	waitFor(t, func() bool { return len(n.up.Calls()) == 1 })

	for name, accept := range map[string]string{"@defer": acceptParts, "server-sent events": "text/event-stream"} {
		resp, got := n.ask(accept, deferring)
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || got != overloaded {
			t.Errorf("%s: %d %v %s", name, resp.StatusCode, resp.Header, got)
		}
	}
	if _, got := n.ask(mediaJSON, "["+ordersOf(2)+","+cached+"]"); got != "["+overloaded+","+its+"]" {
		t.Errorf("a list: %s", got)
	}
	c.Send(`{"id":"1","type":"subscribe","payload":` + ordersOf(3) + `}`)
	c.Expect(`{"id":"1","type":"error","payload":[{"message":"too many concurrent requests","extensions":{"code":"OVERLOADED"}}]}`)
	if resp, got := n.ask("text/event-stream", cached); resp.StatusCode != http.StatusOK || !strings.Contains(got, its) {
		t.Errorf("what is cached, as an event: %d %s", resp.StatusCode, got)
	}
	if calls := n.up.Calls(); len(calls) != 1 {
		t.Errorf("asked %s", n.up.Summary())
	}
	letGo()
	if got := <-first; !strings.Contains(got, `"u1-o1"`) {
		t.Errorf("the one that was admitted: %s", got)
	}
}

// A list has as many turns as there are for its requests, and not one for all.
func TestAdmission_Batch(t *testing.T) {
	n := newNarrow(t)
	letGo := n.hold()
	answer := make(chan string, 1)
	go func() {
		_, got := n.ask(mediaJSON, "["+ordersOf(1)+","+ordersOf(2)+","+ordersOf(3)+"]")
		answer <- got
	}()
	waitFor(t, func() bool { // documents that are parsed at the same time are shed earlier
		shed := n.figures(http.DefaultClient, `admission_operations_shed_total{reason="queue_full"}`, `admission_documents_shed_total{reason="queue_full"}`)
		return shed[0]+shed[1] == 2
	})
	letGo()
	if got := <-answer; strings.Count(got, overloaded) != 2 || strings.Count(got, `{"data":{"orders":[{"id":`) != 1 {
		t.Error(got)
	}
	if len(n.up.Calls()) != 1 {
		t.Errorf("asked %s", n.up.Summary())
	}
}

// An answer in parts keeps its turn until the last part.
func TestAdmission_Deferred(t *testing.T) {
	n := newNarrow(t)
	letGo := n.hold()
	resp := n.post(acceptParts, deferring)
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(resp.Status, err)
	}
	parts := multipart.NewReader(bufio.NewReader(resp.Body), params["boundary"])
	if p, ok := nextPart(t, parts); !ok || !strings.Contains(string(p.Data), `"u9"`) {
		t.Fatalf("the first part: %+v", p)
	}
	if resp, got := n.ask(mediaJSON, ordersOf(2)); resp.StatusCode != http.StatusServiceUnavailable || got != overloaded {
		t.Errorf("beside it: %d %s", resp.StatusCode, got)
	}
	letGo()
	for more := true; more; {
		_, more = nextPart(t, parts)
	}
	waitFor(t, func() bool { return n.figure(http.DefaultClient, "admission_operations_running") == 0 })
	if resp, got := n.ask(mediaJSON, ordersOf(2)); resp.StatusCode != http.StatusOK {
		t.Errorf("after it: %d %s", resp.StatusCode, got)
	}
}
