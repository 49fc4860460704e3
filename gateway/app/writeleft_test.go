package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/wstest"
)

// leaving are the ways in which a client leaves while its write is under way: each sends the
// mutation, and leaves when the service has got the write.
var leaving = map[string]func(t *testing.T, w *writable, mutation string, arrived <-chan struct{}){
	"POST":   leftRequest("application/json"),
	"events": leftRequest("text/event-stream"),
	"parts":  leftRequest("multipart/mixed"),
	"a message": leftSocket(func(c *wstest.Client) {
		c.Send(`{"id":"1","type":"complete"}`)
		c.Send(`{"type":"ping"}`)
		c.Expect(`{"type":"pong"}`) // then the gateway knows
	}),
	"a connection": leftSocket(func(c *wstest.Client) {
		_ = c.Conn.CloseNow()
	}),
}

func leftRequest(accept string) func(*testing.T, *writable, string, <-chan struct{}) {
	return func(t *testing.T, w *writable, mutation string, arrived <-chan struct{}) {
		t.Helper()
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan struct{})
		t.Cleanup(func() { <-done })
		go func() {
			defer close(done)
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(payload(mutation, nil))).WithContext(ctx)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", accept)
			w.ServeHTTP(httptest.NewRecorder(), r)
		}()
		<-arrived
		leave()
	}
}

func leftSocket(leave func(*wstest.Client)) func(*testing.T, *writable, string, <-chan struct{}) {
	return func(t *testing.T, w *writable, mutation string, arrived <-chan struct{}) {
		t.Helper()
		server := httptest.NewServer(w)
		t.Cleanup(server.Close)
		c, _ := wstest.Dial(t, strings.Replace(server.URL, "http", "ws", 1)+"/graphql", wstest.Protocol, nil)
		t.Cleanup(func() { _ = c.Conn.CloseNow() })
		c.Init().Subscribe("1", mutation)
		<-arrived
		leave(c)
	}
}

// A client that leaves, by whichever transport, does not cancel a write that was sent, nor its
// purge.
func TestMutation_ClientLeaves(t *testing.T) {
	for name, leaves := range leaving {
		t.Run(name, func(t *testing.T) {
			w := newWritable(t, nil)
			const query = `{ book(id: "b1-1") { title } }`
			send(w, query)
			arrived, proceed := make(chan struct{}), make(chan struct{})
			w.books.SetScript(func(int) faultyupstream.Behaviour {
				return func(e *faultyupstream.Exchange) bool {
					if e.Request.Method == http.MethodPut {
						close(arrived)
						<-proceed
					}
					return w.execute[testgraph.Books](e)
				}
			})
			leaves(t, w, `mutation { replaceBook(id: "b1-1", title: "New") { id } }`, arrived)
			close(proceed)
			testkit.WaitFor(t, "the write to be counted", func() bool { return w.writes("executed") == 1 })
			testkit.WaitFor(t, "the purge", func() bool { return strings.Contains(send(w, query).Body.String(), `"New"`) })
			puts := 0
			for _, r := range w.books.Requests() {
				if r.Method == http.MethodPut {
					puts++
				}
			}
			if puts != 1 {
				t.Errorf("%d writes", puts)
			}
		})
	}
}

// What a service executes after the gateway has given it up is soon seen, although it was
// read, and cached, in between.
func TestMutation_ExecutedLater(t *testing.T) {
	w := newWritable(t, nil)
	const query = `{ book(id: "b1-1") { title } }`
	arrived := make(chan *faultyupstream.Exchange, 1)
	w.books.SetScript(func(int) faultyupstream.Behaviour {
		return func(e *faultyupstream.Exchange) bool {
			if e.Request.URL.Path == "/books/b1-1/withdraw" {
				arrived <- e
				return faultyupstream.CloseWithoutResponse()(e)
			}
			return w.execute[testgraph.Books](e)
		}
	})
	if got := read(t, send(w, `mutation { withdrawBook(id: "b1-1") { id } }`)).failures(); len(got) != 1 || !strings.Contains(got[0], "unknown") {
		t.Fatalf("failures %q", got)
	}
	for range 2 {
		if got := send(w, query).Body.String(); strings.Contains(got, "withdrawn") {
			t.Fatalf("before it is executed: %s", got)
		}
	}
	w.execute[testgraph.Books](<-arrived)
	testkit.WaitFor(t, "it is seen", func() bool { return strings.Contains(send(w, query).Body.String(), "withdrawn") })
}
