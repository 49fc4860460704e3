package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/engine/limits"
	"tributary/internal/testkit/wstest"
)

func (s *streaming) dial(t *testing.T, protocol string) *wstest.Client {
	t.Helper()
	c, resp := wstest.Dial(t, s.url, protocol, nil)
	if c == nil {
		t.Fatal(resp.Status)
	}
	return c
}

// greeted is a connection that is ready for operations.
func (s *streaming) greeted(t *testing.T) *wstest.Client {
	t.Helper()
	return s.dial(t, wstest.Protocol).Init()
}

func TestWebSocket_ManyOperations(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	c.Send(`{"type":"ping"}`)
	c.Expect(`{"type":"pong"}`)
	c.Subscribe("a", "subscription { waits }")
	c.Expect(`{"id":"a","type":"next","payload":{"data":{"waits":1}}}`)
	c.Subscribe("b", "subscription { ticks(to: 2) }")
	c.Expect(`{"id":"b","type":"next","payload":{"data":{"ticks":1}}}`, `{"id":"b","type":"next","payload":{"data":{"ticks":2}}}`, `{"id":"b","type":"complete"}`)
	c.Subscribe("b", "{ hello }") // the id is free again
	c.Expect(`{"id":"b","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"b","type":"complete"}`)
	c.Send(`{"id":"a","type":"complete"}`)
	until(t, "the end of a", func() bool { return s.schema.sources.Load() == 0 })
	c.Subscribe("a", "mutation { bump }") // nothing came of the first a any more
	c.Expect(`{"id":"a","type":"next","payload":{"data":{"bump":"1"}}}`, `{"id":"a","type":"complete"}`)
	if n := s.count("graphql_operations_total", "other", "complete", "subscription"); n != 2 {
		t.Errorf("%v subscriptions", n)
	}
	if n := s.count("graphql_stream_events_total", "websocket"); n != 5 || s.open("websocket") != 1 {
		t.Errorf("%v events, %v open", n, s.open("websocket"))
	}
}

func TestWebSocket_RejectsOne(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	for query, code := range map[string]string{
		"subscription {": "GRAPHQL_PARSE_FAILED", "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
		"subscription { breaks }": "UPSTREAM_UNAVAILABLE", "subscription { explodes }": "INTERNAL",
	} {
		c.Subscribe("1", query)
		text, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Type    string
			Payload []struct{ Extensions struct{ Code string } }
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Type != "error" || m.Payload[0].Extensions.Code != code {
			t.Errorf("%s: %s %v", query, text, err)
		}
	}
}

func TestWebSocket_CloseCodes(t *testing.T) {
	cfg := usualStreams()
	cfg.InitTimeout = 100 * time.Millisecond
	quick := newStreaming(t, cfg, limits.Config{})
	quick.dial(t, wstest.Protocol).Closed(4408)
	quick.dial(t, "graphql-ws").Closed(4406)

	bounds := limits.Default()
	bounds.Body = 200
	s := newStreaming(t, usualStreams(), bounds)
	shown(t, s.dial(t, wstest.Protocol), `{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}`, 4401)
	for message, code := range map[string]websocket.StatusCode{
		`{"type":"connection_init"}`: 4429,
		`{"type":"other"}`:           4400,
		`[]`:                         4400,
		`{"type":"ping"`:             4400,
		`{"type":"subscribe","payload":{"query":"{ a }"}}`:             4400,
		`{"id":"1","type":"subscribe"}`:                                4400,
		`{"id":"1","type":"subscribe","payload":{"query":1}}`:          4400,
		`{"type":"ping","payload":"` + strings.Repeat("x", 300) + `"}`: websocket.StatusMessageTooBig,
		"{\"type\":\"ping\",\"payload\":\"\xff\"}":                     4400,
	} {
		shown(t, s.greeted(t), message, code)
	}
	until(t, "one too long", func() bool { return s.count("graphql_limit_hits_total", "body") == 1 })
	c := s.greeted(t)
	c.Subscribe("1", "subscription { waits }")
	c.Subscribe("1", "subscription { waits }")
	c.Closed(4409)
	until(t, "the end of all", func() bool { return s.schema.sources.Load() == 0 && s.open("websocket") == 0 })
}

// Each result repeats the id of its operation, which the client chooses.
func TestWebSocket_LengthOfIDs(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	id := strings.Repeat("x", 256)
	c.Subscribe(id, "{ hello }")
	c.Expect(`{"id":"`+id+`","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"`+id+`","type":"complete"}`)
	c.Subscribe(id+"x", "{ hello }")
	c.Closed(4400)
}

// shown sees that a connection is closed for a message.
func shown(t *testing.T, c *wstest.Client, message string, code websocket.StatusCode) {
	t.Helper()
	c.Send(message)
	t.Logf("%.60s", message)
	c.Closed(code)
}

func TestWebSocket_OperationLimit(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	for _, id := range []string{"1", "2", "3"} {
		c.Subscribe(id, "subscription { waits }")
		c.Expect(`{"id":"` + id + `","type":"next","payload":{"data":{"waits":1}}}`)
	}
	c.Subscribe("4", "{ hello }")
	if got, err := c.Next(); err != nil || !strings.Contains(got, `"id":"4","type":"error"`) || !strings.Contains(got, "too many concurrent operations on this connection: 3") {
		t.Error(got, err)
	}
	c.Send(`{"id":"2","type":"complete"}`)
	until(t, "the end of 2", func() bool { return s.schema.sources.Load() == 2 })
	until(t, "room", func() bool {
		c.Subscribe("5", "{ hello }")
		got, _ := c.Next()
		return strings.Contains(got, "hello you")
	})
}

func TestWebSocket_Drain(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	c.Subscribe("1", "subscription { waits }")
	c.Expect(`{"id":"1","type":"next","payload":{"data":{"waits":1}}}`)
	s.streams.Drain()
	if got, err := c.Next(); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(got, err) // a complete would tell the client not to subscribe elsewhere
	}
	s.streams.Close()
	if s.schema.sources.Load() != 0 {
		t.Error("a source is left")
	}
}

func TestWebSocket_ClientGone(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	c := s.greeted(t)
	c.Subscribe("1", "subscription { waits }")
	c.Expect(`{"id":"1","type":"next","payload":{"data":{"waits":1}}}`)
	_ = c.Conn.CloseNow()
	until(t, "the end", func() bool { return s.schema.sources.Load() == 0 && s.open("websocket") == 0 })
}

func TestWebSocket_Idle(t *testing.T) {
	cfg := usualStreams()
	cfg.Idle = 50 * time.Millisecond
	s := newStreaming(t, cfg, limits.Config{})
	s.greeted(t).Closed(websocket.StatusNormalClosure)
}

func TestWebSocket_NoPong(t *testing.T) {
	cfg := usualStreams()
	cfg.KeepAlive = 50 * time.Millisecond
	s := newStreaming(t, cfg, limits.Config{})
	s.greeted(t) // who does not read does not answer
	until(t, "the end", func() bool { return s.open("websocket") == 0 })
}

func TestWebSocket_Pong(t *testing.T) {
	cfg := usualStreams()
	cfg.KeepAlive = time.Second // long enough for an answer on a busy machine
	s := newStreaming(t, cfg, limits.Config{})
	alive := s.greeted(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	if _, _, err := alive.Conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
