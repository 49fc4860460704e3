package graphqlserver

import (
	"context"
	"fmt"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// wsOperation is a running operation.
type wsOperation struct{ cancel context.CancelFunc }

// subscribe starts an operation. Its memory, which lease holds, is released when it has ended.
func (c *socket) subscribe(ctx context.Context, m wsMessage, lease *admission.BodyLease) *closing {
	if !c.isAcked() {
		return &closeNotInit
	}
	req, bad := c.server.decode(ctx, rawRequest{body: m.Payload}, lease)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.operations[m.ID]; taken {
		return &closeDuplicate
	}
	if bad != nil && bad.result == nil {
		return badMessage(bad.message)
	}
	if c.leaving {
		return nil // it is about to learn of that
	}
	if bad != nil {
		c.send(ctx, resultMessage(m.ID, bad.result))
		return nil
	}
	if c.count >= c.cfg.Operations {
		c.send(ctx, resultMessage(m.ID, refuseOne(fault.Overloaded, fmt.Sprintf("too many concurrent operations on this connection: %d", c.count))))
		return nil
	}
	if refused := c.check(); refused != nil {
		c.send(ctx, resultMessage(m.ID, refused))
		return nil
	}
	ctx = sessionOf(report.WithRequest(c.viewer, report.RequestOf(ctx).Part()), req.Seen)
	ctx, cancel := context.WithCancel(ctx)
	op, held := &wsOperation{cancel}, lease.Move()
	req.lease = held
	c.operations[m.ID] = op
	c.count++
	c.running.Go(func() {
		defer held.Release()
		defer cancel()
		c.execute(ctx, m.ID, op, *req)
	})
	return nil
}

// complete ends an operation that its client does not need any more.
func (c *socket) complete(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if op, ok := c.operations[id]; ok {
		op.cancel()
		delete(c.operations, id)
	}
}

// execute runs an operation and sends its results.
func (c *socket) execute(ctx context.Context, id string, op *wsOperation, req Request) {
	until := time.Now().Add(c.cfg.Timeout + resultWrite) // of a single result
	send := func(until time.Time, r *Result) {
		c.events.WithLabelValues(transportWS).Inc()
		c.sendUntil(ctx, until, resultMessage(id, r))
	}
	result := c.run(ctx, req, c.cfg.Timeout, func() {}, func(r *Result) { send(time.Now().Add(streamWrite), r) })
	if !result.sent && !endsWithError(result) {
		send(until, result)
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
	case endsWithError(result):
		send(until, result)
	case result.sent && c.draining.Err() != nil: // cut short, and perhaps not complete
	default:
		c.send(ctx, wsMessage{ID: id, Type: wsComplete})
	}
}
