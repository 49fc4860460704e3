// Package wstest is a client of graphql-transport-ws for tests, which can also violate the
// protocol.
package wstest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Protocol is the subprotocol that is spoken.
const Protocol = "graphql-transport-ws"

// patience is the time limit for a message.
const patience = 20 * time.Second

// Client is one connection, which ends with its test.
type Client struct {
	Conn *websocket.Conn

	t testing.TB
}

// Dial opens a connection with the subprotocol, if it is not empty, and the
// headers. Where that is refused there is no client but the answer.
func Dial(t testing.TB, url, protocol string, header http.Header) (*Client, *http.Response) {
	t.Helper()
	options := &websocket.DialOptions{HTTPHeader: header}
	if protocol != "" {
		options.Subprotocols = []string{protocol}
	}
	conn, resp, err := websocket.Dial(t.Context(), url, options)
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		return nil, resp
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &Client{conn, t}, resp
}

// Init makes a connection ready for operations.
func (c *Client) Init() *Client {
	c.t.Helper()
	c.Send(`{"type":"connection_init"}`)
	c.Expect(`{"type":"connection_ack"}`)
	return c
}

// Send sends a message.
func (c *Client) Send(message string) {
	c.t.Helper()
	if err := c.Conn.Write(c.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

// Subscribe begins an operation.
func (c *Client) Subscribe(id, query string) {
	c.t.Helper()
	type payload struct {
		Query string `json:"query"`
	}
	message, err := json.Marshal(struct {
		ID      string  `json:"id"`
		Type    string  `json:"type"`
		Payload payload `json:"payload"`
	}{id, "subscribe", payload{query}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.Send(string(message))
}

// Next is the next message, or why there is none.
func (c *Client) Next() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, text, err := c.Conn.Read(ctx)
	return strings.TrimSpace(string(text)), err
}

// Expect sees that the next messages are as given.
func (c *Client) Expect(messages ...string) {
	c.t.Helper()
	for _, want := range messages {
		if got, err := c.Next(); err != nil || got != want {
			c.t.Fatalf("%s %v, want %s", got, err, want)
		}
	}
}

// Closed sees that the connection is closed with a code, whatever comes before.
func (c *Client) Closed(code websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, err := c.Next(); err != nil {
			if got := websocket.CloseStatus(err); got != code {
				c.t.Errorf("closed by %d (%v), want %d", got, err, code)
			}
			return
		}
	}
}
