package graphqlserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/fault"
)

// socket is a WebSocket on which graphql-transport-ws is spoken.
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

// wsOperation is one that its client has not completed.
type wsOperation struct{ cancel context.CancelFunc }

// serveSocket speaks graphql-transport-ws until either side has enough.
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
	for {
		kind, text, err := conn.Read(ctx)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			s.server.limits.hits.WithLabelValues(limitBody).Inc()
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

// close closes the connection, once; who comes later waits for that.
func (c *socket) close(with closing) {
	c.end.Do(func() { _ = c.conn.Close(with.code, with.reason) })
}

// take does what a message asks for. There is a reason when it breaks the protocol.
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

// subscribe begins an operation.
func (c *socket) subscribe(ctx context.Context, m wsMessage) *closing {
	if _, taken := c.operations[m.ID]; taken {
		return &closeDuplicate
	}
	req, bad := said{body: m.Payload}.decode()
	if bad != nil {
		return badMessage(bad.message)
	}
	if c.leaving {
		return nil // it is about to learn of that
	}
	if c.count >= c.cfg.Operations {
		c.send(ctx, resultMessage(m.ID, refuseOne(fault.Overloaded, fmt.Sprintf("%d operations are under way on this connection, as many as may be", c.count))))
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	op := &wsOperation{cancel}
	c.operations[m.ID] = op
	c.count++
	c.running.Go(func() {
		defer cancel()
		c.execute(ctx, m.ID, op, *req)
	})
	return nil
}

// execute runs an operation and tells its client what comes of it.
func (c *socket) execute(ctx context.Context, id string, op *wsOperation, req Request) {
	send := func(r *Result) {
		c.events.WithLabelValues(transportWS).Inc()
		c.send(ctx, resultMessage(id, r))
	}
	result := c.run(ctx, req, func() {}, send)
	if !result.sent && result.Data != nil {
		send(result)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
	if c.count == 0 {
		c.idleSince = time.Now()
	}
	if c.operations[id] != op { // the client has completed it
		return
	}
	delete(c.operations, id) // before the client learns that the id is free
	switch {
	case result.Data == nil:
		send(result)
	case result.sent && c.draining.Err() != nil: // cut short, and perhaps not complete
	default:
		c.send(ctx, wsMessage{ID: id, Type: wsComplete})
	}
}

// send sends a message, or gives the client up that does not take it.
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
