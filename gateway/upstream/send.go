package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"tributary/gateway/fault"
	"tributary/gateway/mutation"
)

// A Write is a call that changes something.
type Write struct {
	Request

	// Key is sent as Idempotency-Key, by which the service recognizes a call that is
	// repeated. It is "" if the service takes none.
	Key string
	// KeyRepeats says that earlier writes may have had the same key, because the client
	// may have sent its request before.
	KeyRepeats bool
}

// Send makes a call that changes something, and reads the response with read. It is never
// hedged. It is sent again only if no connection to the service could be made, if its method
// is PUT or DELETE, or if it has a key; not at the expense of the budget for reads, because
// a write that is given up leaves its client in doubt. With a key that an earlier request may
// have had, it is also sent again after a 409 by which the service says that this one is under
// way.
//
// Its errors are *fault.Error with an outcome. It is [fault.NotExecuted] only if no attempt
// can have arrived, or if the only one that did was answered with a 4xx by which the service
// refused it. A reason that the service gave is the error's problem.
func (c *Client) Send(ctx context.Context, w Write, read func(response []byte) error) error {
	d := &delivery{
		repeatable: w.Key != "" || w.Method == http.MethodPut || w.Method == http.MethodDelete,
		keyed:      w.Key != "", keyRepeats: w.KeyRepeats,
	}
	ctx, release := c.WithLease(context.WithValue(ctx, deliveryKey{}, d))
	defer release()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { d.connections.Add(1) }})
	r := c.of(ctx, w.Request)
	if w.Key != "" {
		r.Header[idempotencyKey] = []string{w.Key}
	}
	got := c.calls(r)
	failed := c.writeFailure(got)
	if failed == nil {
		if err := read(got.body); err != nil {
			failed, _ = errors.AsType[*fault.Error](c.Invalid(err))
		}
	}
	outcome := executed
	if failed != nil {
		failed.Outcome = d.outcome(got)
		outcome = string(failed.Outcome)
	}
	if outcome != string(fault.NotExecuted) {
		mutation.FieldOf(ctx).Sent()
	}
	c.figures.writes.Get(outcome).Inc()
	if failed != nil {
		return failed
	}
	return nil
}

// executed is the outcome of a write that succeeded, as metrics name it.
const executed = "executed"

// writeFailure returns the failure of a write. Other than for a read, a resource that does not
// exist is one.
func (c *Client) writeFailure(got reply) *fault.Error {
	if got.err == nil {
		return nil
	}
	failed := &fault.Error{Kind: fault.Rejected, Service: c.service, Err: got.err}
	if known, ok := errors.AsType[*fault.Error](got.err); ok && !errors.Is(got.err, fault.ErrNotFoundPage) {
		failed.Kind = known.Kind
	} else {
		c.figures.failed(fault.Rejected) // for reads it is no failure
	}
	if got.status > 0 {
		failed.Status = got.status
		failed.Problem = problemOf(got)
	}
	return failed
}

type deliveryKey struct{}

// deliveryOf returns the delivery of a write, and nil for a read.
func deliveryOf(ctx context.Context) *delivery {
	d, _ := ctx.Value(deliveryKey{}).(*delivery)
	return d
}

// A delivery is what is known of the arrival of a write. A request that got a connection may
// have arrived. net/http sends one with an Idempotency-Key again by itself if a connection
// that it has reused is closed, and gets another connection for it.
type delivery struct {
	repeatable  bool // by the method or a key
	keyed       bool
	keyRepeats  bool // earlier writes may have had the key
	connections atomic.Int64
}

// outcome returns the outcome of a write that failed, by its last reply.
func (d *delivery) outcome(got reply) fault.Outcome {
	switch arrived := d.connections.Load(); {
	case arrived == 0:
		return fault.NotExecuted
	case arrived > 1, got.status < 400, got.status >= 500, got.status == http.StatusRequestTimeout:
		return fault.OutcomeUnknown
	case d.underWay(got):
		return fault.OutcomeUnknown
	}
	return fault.NotExecuted
}

// underWay reports whether a reply is a 409 which may mean that an earlier request with the
// key is under way.
func (d *delivery) underWay(got reply) bool {
	return got.status == http.StatusConflict && d.keyed && (d.keyRepeats || d.connections.Load() > 1) && saysUnderWay(got)
}

// unpaid lets an attempt be made without the budget.
func unpaid() bool { return true }

// resend makes the attempts of a write. It is sent again if it cannot have arrived, or if it
// may be repeated.
func (p *retrier) resend(d *delivery, r *http.Request) reply {
	ctx := r.Context()
	got := p.next(r)
	for n, arrived := 0, d.connections.Load(); n < p.cfg.Retries; n, arrived = n+1, d.connections.Load() {
		mayRepeat := d.repeatable || arrived == 0
		if !mayRepeat || kindOf(ctx) == probeAttempt || !got.retryable() && !d.underWay(got) || !p.wait(ctx, p.delay(n, got), p.least(got), unpaid) {
			break
		}
		once, err := again(ctx, r, retryAttempt)
		if err != nil {
			break
		}
		got = p.next(once)
	}
	return got
}
