package graphqlserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/graphqlserver"
)

// Whatever a client accepts, it gets the answer in a form that it named, as
// JSON when it takes anything, or 406.
func FuzzAccept(f *testing.F) {
	for _, s := range []string{
		"", "*/*", "application/json", "application/graphql-response+json;q=0.9, application/json;q=0.1", "text/html", "application/*;q=0",
		"multipart/mixed;deferSpec=20220824, application/json", "multipart/mixed;q=x", "application/json;charset=latin1", ";,/=", "application/json;q=NaN",
	} {
		f.Add(s)
	}
	s := newServer(f, graphqlserver.Config{})
	f.Fuzz(func(t *testing.T, accept string) {
		r := httptest.NewRequest(http.MethodGet, "/graphql?query=%7Bhello%7D", http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		named := strings.Contains(strings.ToLower(accept), media) || strings.Contains(accept, "*") || strings.TrimSpace(accept) == "" ||
			strings.Contains(strings.ToLower(accept), "multipart/mixed") // of which there was but one part
		if w.Code != http.StatusNotAcceptable && (w.Code != http.StatusOK || !named) {
			t.Errorf("%q is answered %d as %s", accept, w.Code, media)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is answered %s", accept, w.Body)
		}
	})
}

// Whatever a client says on a WebSocket, it is answered or told by a code why
// it is not, and the next one is served.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		`{"type":"ping"}`, `{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`, `{"type":"complete","id":"1"}`, `{"type":"connection_init"}`,
		`{"type":"subscribe","payload":{}}`, `{"type":5}`, `[]`, ``, `{"type":"subscribe","id":"1","payload":{"query":"subscription { counted }"}}`,
	} {
		f.Add([]byte(s), true)
	}
	cfg := usualStreams()
	cfg.Max = 1000
	s := newStreaming(f, cfg, graphqlserver.Limits{})
	f.Fuzz(func(t *testing.T, message []byte, text bool) {
		kind := websocket.MessageBinary
		if text {
			kind = websocket.MessageText
		}
		c := s.greeted(t)
		defer func() { _ = c.conn.CloseNow() }()
		if err := c.conn.Write(t.Context(), kind, message); err != nil {
			t.Fatal(err)
		}
		_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"ping"}`))
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
			got, err := c.next()
			if code := websocket.CloseStatus(err); err != nil {
				if (code < 4400 || code > 4500) && code != websocket.StatusMessageTooBig {
					t.Errorf("%q: %v", message, err)
				}
				return
			}
			if got == `{"type":"pong"}` {
				return
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%q is answered %s", message, got)
			}
		}
		t.Errorf("%q is not answered", message)
	})
}
