package engine_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit/wstest"
)

// Whatever a client accepts, it gets what it has named, whole and well-formed,
// or is told that there is none of that.
func FuzzAccept(f *testing.F) {
	for _, accept := range []string{
		"", "*/*", graphQL, plain + ";q=0.5, " + graphQL, "text/event-stream", "text/event-stream;q=0.1, */*;q=0.2",
		"multipart/mixed", `multipart/mixed;deferSpec=20220824, application/json`, `multipart/mixed; boundary="-"; q=0`, "text/html", ";;q=,", "a/b;q=1e9;q=",
		"application/*;q=0", "multipart/mixed;q=x", "application/json;charset=latin1", "application/json;q=NaN",
	} {
		for query := range deferringQueries {
			f.Add(accept, uint8(query))
		}
	}
	g := testgraph.Assemble(f)
	server := newGateway(engine.Config{}, engine.Deps{Schema: g.Schema, Plan: g.Plan, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	streams := newStreams(server, usualStreams(), prometheus.NewRegistry())
	f.Cleanup(streams.Close)
	handler := streams.Handler(server)
	f.Fuzz(func(t *testing.T, accept string, query uint8) {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body(t, deferringQueries[int(query)%len(deferringQueries)])))
		r.Header.Set("Content-Type", plain)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		media, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		switch media {
		case graphQL, plain:
			wantJSON(t, w.Body.Bytes())
		case "text/event-stream":
			if text := w.Body.String(); !strings.HasSuffix(text, complete) || !strings.Contains(text, "event: next\ndata: {") {
				t.Errorf("%q", text)
			}
		case "multipart/mixed":
			wantParts(t, multipart.NewReader(w.Body, params["boundary"]))
		default:
			t.Errorf("%q gets %s", accept, media)
		}
		in := strings.ToLower(accept)
		named := strings.Contains(in, media)
		if media == graphQL || media == plain { // what streams and parts need not be used for
			named = named || strings.Contains(in, "*") || strings.TrimSpace(in) == "" || strings.Contains(in, "text/event-stream") || strings.Contains(in, "multipart/mixed")
		}
		if !named && w.Code != http.StatusNotAcceptable {
			t.Errorf("%q gets %d as %s", accept, w.Code, media)
		}
	})
}

var deferringQueries = []string{
	`{ author(id: "a1") { id } }`,
	`{ author(id: "a1") { id ... @defer(label: "a") { books { id ... @defer { title author { name } } } } } }`,
	`{ nothing }`,
}

func wantJSON(t *testing.T, text []byte) {
	t.Helper()
	var a answer
	if err := json.Unmarshal(text, &a); err != nil || (a.Data == nil && len(a.Errors) == 0) {
		t.Errorf("%v: %s", err, text)
	}
}

// wantParts sees that parts come one after the other until one says that it is the last.
func wantParts(t *testing.T, parts *multipart.Reader) {
	t.Helper()
	more := true
	for {
		part, err := parts.NextPart()
		if err == io.EOF && !more {
			return
		}
		if err != nil || !more {
			t.Fatalf("%v, or a part after the last", err)
		}
		var p struct{ HasNext *bool }
		if err := json.NewDecoder(part).Decode(&p); err != nil || p.HasNext == nil {
			t.Fatalf("a part that does not say whether it is the last: %v", err)
		}
		more = *p.HasNext
	}
}

// Whatever a client says on a WebSocket, message by message, it is answered in
// the words of the protocol or by a code of it, and the next client is served.
func FuzzWebSocket(f *testing.F) {
	for _, script := range []string{
		`{"type":"connection_init"}|{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}`,
		`{"type":"connection_init","payload":null}|{"id":"1","type":"subscribe","payload":{"query":"subscription { ticks }"}}|{"id":"1","type":"complete"}`,
		`{"type":"connection_init"}|{"id":"1","type":"subscribe","payload":{"query":"subscription { waits }"}}|{"id":"1","type":"subscribe","payload":{}}`,
		`{"type":"connection_init"}|{"id":"","type":"subscribe"}`, `{"type":"connection_init"}|{"type":"connection_init"}`,
		`{"type":"ping"}|{"type":"pong","payload":[]}`, `[]`, `{"type":`, `{"id":"1","type":"complete"}`, "\xff|", `{"type":"ping","type":"pong"}`,
		`{"type":"connection_init"}|{"id":"1","type":"subscribe","payload":{"query":"{ hello }","query":"{ me { hello } }"}}`,
	} {
		f.Add(script, true)
		f.Add(script, false)
	}
	bounds := limits.Default()
	bounds.Body = 1000
	s := newServer(f, engine.Config{Limits: bounds, Persisted: true, DocumentsMB: 1})
	streams := newStreams(s.handler, usualStreams(), s.metrics)
	srv := httptest.NewServer(streams.Handler(s.handler))
	f.Cleanup(srv.Close)
	f.Cleanup(streams.Close)
	f.Fuzz(func(t *testing.T, script string, text bool) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		dial := func() *wstest.Client {
			c, resp := wstest.Dial(t, srv.URL+"/graphql", wstest.Protocol, nil)
			if c == nil {
				t.Fatal(resp.Status)
			}
			return c
		}
		conn := dial().Conn
		heard := make(chan error, 1)
		go func() { heard <- hearOut(ctx, t, conn) }()
		kind := websocket.MessageBinary
		if text {
			kind = websocket.MessageText
		}
		for message := range strings.SplitSeq(script, "|") {
			if conn.Write(ctx, kind, []byte(message)) != nil {
				break // it is closed, and hearOut says how
			}
		}
		// What is no message ends any conversation that goes on.
		_ = conn.Write(ctx, websocket.MessageText, []byte("end"))
		if code := websocket.CloseStatus(<-heard); !slices.Contains([]websocket.StatusCode{4400, 4401, 4409, 4429, websocket.StatusMessageTooBig}, code) {
			t.Errorf("closed by %d", code)
		}
		next := dial()
		next.Send(`{"type":"connection_init"}`)
		next.Subscribe("1", "{ hello }")
		next.Expect(`{"type":"connection_ack"}`, `{"id":"1","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"1","type":"complete"}`)
	})
}

// hearOut reads until the end of a conversation, and gives that.
func hearOut(ctx context.Context, t *testing.T, conn *websocket.Conn) error {
	t.Helper()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		var m struct {
			ID, Type string
			Payload  json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil || !slices.Contains([]string{"connection_ack", "ping", "pong", "next", "error", "complete"}, m.Type) {
			t.Errorf("%v: %s", err, text)
		}
	}
}
