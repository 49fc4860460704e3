package stream

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// wsOperation is a running operation.
type wsOperation struct{ cancel context.CancelFunc }

// subscribe starts an operation. Its memory, which lease holds, is released when it has ended.
func (c *socket) subscribe(ctx context.Context, m wsMessage, lease *admission.BodyLease) *closeReason {
	if !c.isAcked() {
		return &closeNotInit
	}
	req, bad := c.http.Decode(ctx, httptransport.RawRequest{Body: m.Payload}, lease)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.operations[m.ID]; taken {
		return &closeDuplicate
	}
	if bad != nil && bad.Result == nil {
		return badMessage(bad.Message)
	}
	if c.leaving {
		return nil // it is about to learn of that
	}
	if bad != nil {
		c.send(ctx, resultMessage(m.ID, bad.Result))
		return nil
	}
	if c.count >= c.cfg.Operations {
		c.send(ctx, resultMessage(m.ID, engine.Refused(refusal.Of(fault.Overloaded, fmt.Sprintf("too many concurrent operations on this connection: %d", c.count)))))
		return nil
	}
	if result := c.check(); result != nil {
		c.send(ctx, resultMessage(m.ID, result))
		return nil
	}
	ctx = sessionOf(report.WithRequest(c.viewer, report.RequestFrom(ctx).Part()), req.Seen)
	ctx, cancel := context.WithCancel(ctx)
	op, held := &wsOperation{cancel}, lease.Move()
	req.Lease = held
	c.operations[m.ID] = op
	c.count++
	c.running.Go(func() {
		defer held.Release()
		defer cancel()
		c.run(ctx, m.ID, op, req.Request)
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

// run executes an operation and sends its results.
func (c *socket) run(ctx context.Context, id string, op *wsOperation, req engine.Request) {
	until := time.Now().Add(c.timeout + resultWriteTimeout) // of a single result
	send := func(until time.Time, r *engine.Result) {
		c.events.WithLabelValues(transportWS).Inc()
		c.sendUntil(ctx, until, resultMessage(id, r))
	}
	result := c.execute(ctx, req, c.timeout, func() {}, func(r *engine.Result) { send(time.Now().Add(eventWriteTimeout), r) })
	if !result.Sent && !endsWithError(result) {
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
	case result.Sent && c.draining.Err() != nil: // cut short, and perhaps not complete
	default:
		c.send(ctx, wsMessage{ID: id, Type: wsComplete})
	}
}

// sessionOf returns a context with the session of one operation of many that come by a single
// connection, which brings seen or what the connection does.
func sessionOf(ctx context.Context, seen string) context.Context {
	if seen = cmp.Or(seen, entitycache.SessionOf(ctx).Brought()); seen == "" {
		return ctx
	}
	ctx, _ = entitycache.WithSession(ctx, seen)
	return ctx
}
