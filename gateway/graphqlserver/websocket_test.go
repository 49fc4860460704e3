package graphqlserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/graphqlserver"
)

// talk is a connection of a client that speaks graphql-transport-ws.
type talk struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *streaming) dial(t *testing.T, protocols ...string) talk {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), s.url, &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return talk{t, conn}
}

// greeted is a connection that is ready for operations.
func (s *streaming) greeted(t *testing.T) talk {
	t.Helper()
	c := s.dial(t, "graphql-transport-ws")
	c.say(`{"type":"connection_init"}`)
	c.hear(`{"type":"connection_ack"}`)
	return c
}

func (c talk) say(message string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c talk) subscribe(id, query string) {
	c.t.Helper()
	c.say(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, body(c.t, query)))
}

func (c talk) next() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	return strings.TrimSpace(string(text)), err
}

func (c talk) hear(want ...string) {
	c.t.Helper()
	for _, want := range want {
		if got, err := c.next(); err != nil || got != want {
			c.t.Fatalf("%s %v, want %s", got, err, want)
		}
	}
}

// closed waits for the end of a connection, whatever comes before.
func (c talk) closed(code websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			if got := websocket.CloseStatus(err); got != code {
				c.t.Errorf("closed by %d (%v), want %d", got, err, code)
			}
			return
		}
	}
}

func TestAWebSocketHasManyOperations(t *testing.T) {
	s := newStreaming(t, usualStreams(), graphqlserver.Limits{})
	c := s.greeted(t)
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
	c.subscribe("a", "subscription { waits }")
	c.hear(`{"id":"a","type":"next","payload":{"data":{"waits":1}}}`)
	c.subscribe("b", "subscription { ticks(to: 2) }")
	c.hear(`{"id":"b","type":"next","payload":{"data":{"ticks":1}}}`, `{"id":"b","type":"next","payload":{"data":{"ticks":2}}}`, `{"id":"b","type":"complete"}`)
	c.subscribe("b", "{ hello }") // the id is free again
	c.hear(`{"id":"b","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"b","type":"complete"}`)
	c.say(`{"id":"a","type":"complete"}`)
	until(t, "the end of a", func() bool { return s.schema.sources.Load() == 0 })
	c.subscribe("a", "mutation { bump }") // nothing came of the first a any more
	c.hear(`{"id":"a","type":"next","payload":{"data":{"bump":"1"}}}`, `{"id":"a","type":"complete"}`)
	if n := s.count("graphql_operations_total", "other", "complete", "subscription"); n != 2 {
		t.Errorf("%v subscriptions", n)
	}
	if n := s.count("graphql_stream_events_total", "websocket"); n != 5 || s.open("websocket") != 1 {
		t.Errorf("%v events, %v open", n, s.open("websocket"))
	}
}

func TestAnOperationOnAWebSocketIsRefusedAlone(t *testing.T) {
	s := newStreaming(t, usualStreams(), graphqlserver.Limits{})
	c := s.greeted(t)
	for query, code := range map[string]string{
		"subscription {": "GRAPHQL_PARSE_FAILED", "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
		"subscription { breaks }": "UPSTREAM_UNAVAILABLE", "subscription { explodes }": "INTERNAL",
	} {
		c.subscribe("1", query)
		text, err := c.next()
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

func TestAWebSocketIsClosedForWhatItsClientDoes(t *testing.T) {
	cfg := usualStreams()
	cfg.InitTimeout = 100 * time.Millisecond
	quick := newStreaming(t, cfg, graphqlserver.Limits{})
	quick.dial(t, "graphql-transport-ws").closed(4408)
	quick.dial(t, "graphql-ws").closed(4406)

	limits := graphqlserver.DefaultLimits()
	limits.Body = 200
	s := newStreaming(t, usualStreams(), limits)
	s.dial(t, "graphql-transport-ws").shown(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}`, 4401)
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
		s.greeted(t).shown(message, code)
	}
	if n := s.count("graphql_limit_hits_total", "body"); n != 1 {
		t.Errorf("%v too long", n)
	}
	c := s.greeted(t)
	c.subscribe("1", "subscription { waits }")
	c.subscribe("1", "subscription { waits }")
	c.closed(4409)
	until(t, "the end of all", func() bool { return s.schema.sources.Load() == 0 && s.open("websocket") == 0 })
}

func (c talk) shown(message string, code websocket.StatusCode) {
	c.t.Helper()
	c.say(message)
	c.t.Logf("%.60s", message)
	c.closed(code)
}

func TestOperationsOfAWebSocketHaveALimit(t *testing.T) {
	s := newStreaming(t, usualStreams(), graphqlserver.Limits{})
	c := s.greeted(t)
	for _, id := range []string{"1", "2", "3"} {
		c.subscribe(id, "subscription { waits }")
		c.hear(`{"id":"` + id + `","type":"next","payload":{"data":{"waits":1}}}`)
	}
	c.subscribe("4", "{ hello }")
	if got, err := c.next(); err != nil || !strings.Contains(got, `"id":"4","type":"error"`) || !strings.Contains(got, "3 operations are under way") {
		t.Error(got, err)
	}
	c.say(`{"id":"2","type":"complete"}`)
	until(t, "the end of 2", func() bool { return s.schema.sources.Load() == 2 })
	until(t, "room", func() bool {
		c.subscribe("5", "{ hello }")
		got, _ := c.next()
		return strings.Contains(got, "hello you")
	})
}

func TestAWebSocketGoesAwayWhenTheGatewayStops(t *testing.T) {
	s := newStreaming(t, usualStreams(), graphqlserver.Limits{})
	c := s.greeted(t)
	c.subscribe("1", "subscription { waits }")
	c.hear(`{"id":"1","type":"next","payload":{"data":{"waits":1}}}`)
	s.streams.Drain()
	if got, err := c.next(); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(got, err) // a complete would tell the client not to subscribe elsewhere
	}
	s.streams.Close()
	if s.schema.sources.Load() != 0 {
		t.Error("a source is left")
	}
}

func TestAClientThatGoesTakesItsSubscriptionsAlong(t *testing.T) {
	s := newStreaming(t, usualStreams(), graphqlserver.Limits{})
	c := s.greeted(t)
	c.subscribe("1", "subscription { waits }")
	c.hear(`{"id":"1","type":"next","payload":{"data":{"waits":1}}}`)
	_ = c.conn.CloseNow()
	until(t, "the end", func() bool { return s.schema.sources.Load() == 0 && s.open("websocket") == 0 })
}

func TestAWebSocketThatNobodyUsesIsClosed(t *testing.T) {
	cfg := usualStreams()
	cfg.Idle = 50 * time.Millisecond
	s := newStreaming(t, cfg, graphqlserver.Limits{})
	s.greeted(t).closed(websocket.StatusNormalClosure)
}

func TestAWebSocketThatDoesNotAnswerIsClosed(t *testing.T) {
	cfg := usualStreams()
	cfg.KeepAlive = 50 * time.Millisecond
	s := newStreaming(t, cfg, graphqlserver.Limits{})
	s.greeted(t) // who does not read does not answer
	until(t, "the end", func() bool { return s.open("websocket") == 0 })

	alive := s.greeted(t)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, _, err := alive.conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
