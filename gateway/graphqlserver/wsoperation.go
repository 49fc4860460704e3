package graphqlserver

import (
	"context"
	"fmt"
	"time"

	"tributary/gateway/fault"
)

// wsOperation is a running operation.
type wsOperation struct{ cancel context.CancelFunc }

// subscribe starts an operation.
func (c *socket) subscribe(ctx context.Context, m wsMessage) *closing {
	if _, taken := c.operations[m.ID]; taken {
		return &closeDuplicate
	}
	req, bad := rawRequest{body: m.Payload}.decode()
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

// execute runs an operation and sends its results.
func (c *socket) execute(ctx context.Context, id string, op *wsOperation, req Request) {
	send := func(r *Result) {
		c.events.WithLabelValues(transportWS).Inc()
		c.send(ctx, resultMessage(id, r))
	}
	result := c.run(ctx, req, c.cfg.Timeout, func() {}, send)
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
