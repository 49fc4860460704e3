package stream

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/coder/websocket"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// socket is a WebSocket with the graphql-transport-ws protocol.
type socket struct {
	*Streams

	conn   *websocket.Conn
	tcp    net.Conn           // below conn
	cancel context.CancelFunc // ends all that is done for the client
	end    sync.Once          // of the connection
	all    sync.WaitGroup     // what runs beside the reading

	mu         sync.Mutex
	acked      bool
	viewer     context.Context //nolint:containedctx // of all operations, since connection_init
	leaving    bool            // no operation is begun any more
	running    sync.WaitGroup
	operations map[string]*wsOperation
	count      int       // of those that have not come to their end, completed or not
	idleSince  time.Time // when count became 0
}

// serveSocket serves a graphql-transport-ws connection until either side closes it.
func (s *Streams) serveSocket(w http.ResponseWriter, r *http.Request) {
	below := &hijacker{ResponseWriter: w}
	conn, err := websocket.Accept(below, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true,                          // origins are looked at before (see Handler)
		CompressionMode:    websocket.CompressionDisabled, // a short message could have any length
	})
	if err != nil {
		return // it has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	c := &socket{Streams: s, conn: conn, tcp: below.conn, cancel: cancel, operations: map[string]*wsOperation{}, idleSince: time.Now()}
	defer c.all.Wait()
	defer func() { _ = conn.CloseNow() }()
	defer c.running.Wait()
	defer cancel()
	defer context.AfterFunc(s.cutoff, cancel)()
	if conn.Subprotocol() != subprotocol {
		c.close(closeSubprotocol)
		return
	}
	c.all.Go(func() { c.monitor(ctx) })
	c.readLoop(ctx)
}

// hijacker is a response writer that keeps the connection that is hijacked.
type hijacker struct {
	http.ResponseWriter

	conn net.Conn
}

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, buffered, err
}

// readLoop handles messages until there are no more, or one violates the protocol.
func (c *socket) readLoop(ctx context.Context) {
	for {
		lease := c.engine.Lease()
		text, bad, err := c.receive(ctx, &lease)
		if err == nil && bad == nil {
			bad = c.handleMessage(ctx, text, &lease)
		}
		lease.Release()
		if bad != nil {
			c.close(*bad)
		}
		if err != nil || bad != nil {
			return
		}
	}
}

// receive reads the next message into memory of lease. It waits for it as long as the
// connection lasts, but a message that has begun must arrive within the timeout of operations.
func (c *socket) receive(ctx context.Context, lease *admission.BodyLease) (text []byte, bad *closeReason, err error) {
	limits := c.engine.Limits()
	c.conn.SetReadLimit(int64(limits.Body))
	kind, message, err := c.conn.Reader(ctx)
	if err != nil {
		return nil, nil, err
	}
	_ = c.tcp.SetReadDeadline(time.Now().Add(c.timeout))
	text, err = lease.ReadAll(ctx, message, -1)
	_, overloaded := errors.AsType[*fault.Error](err)
	switch {
	case overloaded:
		return nil, &closeOverloaded, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &closeSlow, nil
	case errors.Is(err, websocket.ErrMessageTooBig): // and closed for that
		limits.BodyTooLong()
		return nil, nil, err
	case err != nil:
		return nil, nil, err
	}
	_ = c.tcp.SetReadDeadline(time.Time{})
	if kind != websocket.MessageText {
		return nil, badMessage("a message must be text in UTF-8"), nil
	}
	return text, nil, nil
}

// closeTime is how long the closing of a WebSocket may take. The library bounds only parts of
// it: a client that begins another message could hold it up for ever.
const closeTime = 2 * time.Second

// close closes the connection once. Later calls wait for that.
func (c *socket) close(with closeReason) {
	c.end.Do(func() {
		_ = c.tcp.SetDeadline(time.Now().Add(closeTime))
		_ = c.conn.Close(with.code, with.reason)
	})
}

// handleMessage handles a message, whose memory lease holds. It returns a reason to close if the
// message violates the protocol.
func (c *socket) handleMessage(ctx context.Context, text []byte, lease *admission.BodyLease) *closeReason {
	m, bad := readMessage(text)
	if bad != nil {
		return bad
	}
	switch m.Type {
	case wsInit:
		return c.init(ctx, m)
	case wsPing:
		c.send(ctx, wsMessage{Type: wsPong})
	case wsSubscribe:
		return c.subscribe(ctx, m, lease)
	case wsComplete:
		c.complete(m.ID)
	}
	return nil
}

func (c *socket) init(ctx context.Context, m wsMessage) *closeReason {
	if c.isAcked() {
		return &closeSecondInit
	}
	viewer, bad := c.authenticate(ctx, m.Payload)
	if bad != nil {
		return bad
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked, c.viewer = true, viewer
	c.send(ctx, wsMessage{Type: wsAck})
	return nil
}

// send sends a message, or closes the connection if the client does not receive it.
func (c *socket) send(ctx context.Context, m wsMessage) {
	c.sendUntil(ctx, time.Now().Add(eventWriteTimeout), m)
}

func (c *socket) sendUntil(ctx context.Context, until time.Time, m wsMessage) {
	if ctx.Err() != nil { // of an operation, perhaps: to write with it would close the connection
		return
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	message, err := c.conn.Writer(ctx, websocket.MessageText)
	if err == nil {
		err = errors.Join(m.chunks().Write(message), message.Close())
	}
	if err != nil {
		c.cancel()
	}
}
