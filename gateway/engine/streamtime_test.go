package engine_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/gateway/engine"
	"tributary/internal/testkit/wstest"
)

// hangingTexts is a store that does not answer.
type hangingTexts struct{}

func (hangingTexts) Get(ctx context.Context, _ string) (string, bool) { <-ctx.Done(); return "", false }
func (hangingTexts) Set(context.Context, string, string)              {}

// A query on a stream ends with its time, whatever it waits for. A subscription has no
// time, but what comes before its first event has.
func TestStreams_OperationsEndInTime(t *testing.T) {
	s := newServer(t, engine.Config{Persisted: true}, engine.Deps{Persisted: hangingTexts{}})
	cfg := usualStreams()
	cfg.Timeout = 100 * time.Millisecond
	streams := newStreams(s.handler, cfg, s.metrics)
	srv := httptest.NewServer(streams.Handler(s.handler))
	t.Cleanup(srv.Close)
	t.Cleanup(streams.Close)
	unknown := fmt.Sprintf(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%064d"}}}`, 0)
	for name, c := range map[string]struct{ request, want string }{
		"a resolver that waits":        {body(t, "{ waits }"), `"UPSTREAM_TIMEOUT"`},
		"a store that does not answer": {unknown, `"PERSISTED_QUERY_NOT_FOUND"`},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/graphql", strings.NewReader(c.request))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", plain)
			req.Header.Set("Accept", "text/event-stream")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if text, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(text), c.want) {
				t.Errorf("events: %v %s", err, text)
			}
			socket, _ := wstest.Dial(t, srv.URL+"/graphql", wstest.Protocol, nil)
			socket.Init().Send(`{"id":"1","type":"subscribe","payload":` + c.request + `}`)
			if text, err := socket.Next(); err != nil || !strings.Contains(text, c.want) {
				t.Errorf("WebSocket: %v %s", err, text)
			}
		})
	}
	t.Run("a subscription", func(t *testing.T) {
		socket, _ := wstest.Dial(t, srv.URL+"/graphql", wstest.Protocol, nil)
		socket.Init().Subscribe("1", "subscription { waits }")
		socket.Expect(`{"id":"1","type":"next","payload":{"data":{"waits":1}}}`)
		socket.Subscribe("2", "{ waits }")
		for range 2 { // next and complete, which come when the time of a query is over
			if text, err := socket.Next(); err != nil || !strings.Contains(text, `"id":"2"`) {
				t.Errorf("%v %s", err, text)
			}
		}
		if n := s.schema.sources.Load(); n != 1 {
			t.Errorf("%d subscriptions are open, want 1", n)
		}
	})
}
