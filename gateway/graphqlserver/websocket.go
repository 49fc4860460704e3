package graphqlserver

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// socket is a WebSocket with the graphql-transport-ws protocol.
type socket struct {
	*Streams

	conn *websocket.Conn
	gone context.CancelFunc // ends all that is done for the client
	end  sync.Once          // of the connection
	all  sync.WaitGroup     // what runs beside the reading

	mu         sync.Mutex
	acked      bool
	leaving    bool // no operation is begun any more
	running    sync.WaitGroup
	operations map[string]*wsOperation
	count      int       // of those that have not come to their end, completed or not
	idleSince  time.Time // when count became 0
}

// serveSocket serves a graphql-transport-ws connection until either side closes it.
func (s *Streams) serveSocket(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // origins are looked at before (see Handler)
	})
	if err != nil {
		return // it has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	c := &socket{Streams: s, conn: conn, gone: cancel, operations: map[string]*wsOperation{}, idleSince: time.Now()}
	defer c.all.Wait()
	defer func() { _ = conn.CloseNow() }()
	defer c.running.Wait()
	defer cancel()
	if conn.Subprotocol() != subprotocol {
		c.close(closeSubprotocol)
		return
	}
	conn.SetReadLimit(int64(s.server.limits.Body))
	c.all.Go(func() { c.watch(ctx) })
	c.listen(ctx)
}

// listen handles messages until there are no more, or one violates the protocol.
func (c *socket) listen(ctx context.Context) {
	for {
		kind, text, err := c.conn.Read(ctx)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			c.server.limits.hits.WithLabelValues(limitBody).Inc()
		}
		if err != nil {
			return
		}
		m, bad := readMessage(kind, text)
		if bad == nil {
			bad = c.take(ctx, m)
		}
		if bad != nil {
			c.close(*bad)
			return
		}
	}
}

// close closes the connection once. Later calls wait for that.
func (c *socket) close(with closing) {
	c.end.Do(func() { _ = c.conn.Close(with.code, with.reason) })
}

// take handles a message. It returns a reason to close if the message violates the
// protocol.
func (c *socket) take(ctx context.Context, m wsMessage) *closing {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m.Type {
	case wsInit:
		if c.acked {
			return &closeSecondInit
		}
		c.acked = true
		c.send(ctx, wsMessage{Type: wsAck})
	case wsPing:
		c.send(ctx, wsMessage{Type: wsPong})
	case wsSubscribe:
		if !c.acked {
			return &closeNotInit
		}
		return c.subscribe(ctx, m)
	case wsComplete:
		if op, ok := c.operations[m.ID]; ok {
			op.cancel()
			delete(c.operations, m.ID)
		}
	}
	return nil
}

// send sends a message, or closes the connection if the client does not receive it.
func (c *socket) send(ctx context.Context, m wsMessage) {
	if ctx.Err() != nil { // of an operation, perhaps: to write with it would close the connection
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), streamWrite)
	defer cancel()
	var text bytes.Buffer
	writeJSON(&text, m)
	if err := c.conn.Write(ctx, websocket.MessageText, text.Bytes()); err != nil {
		c.gone()
	}
}
