package upstream

import (
	"context"
	"net/http"
)

// A roundTrip makes a call. Policies wrap one in another.
type roundTrip func(*http.Request) reply

// build sets the policies around net/http for one service:
//
//	Measure(Bulkhead(Breaker(Retry(Hedge(Attempt(Authorize(Timeout(Buffer(Pool)))))))))
//
// From the outside in:
//
//   - Measure records each call as its caller sees it.
//   - Bulkhead keeps a slow service from using up the gateway's resources. It is
//     outside the breaker, so that a call checks the circuit after it has waited,
//     not before.
//   - Breaker judges whole calls: a call that succeeded after a retry is no failure.
//   - Retry and Hedge share one budget.
//   - Attempt records each request that is sent.
//   - Authorize adds the gateway's own token, if it has one for the service. It is outside
//     Timeout, so that the service has all of the time of an attempt, and waits as long itself.
//   - Timeout is outside Buffer, so that it covers the body.
//   - Buffer reads and closes the body, so that policies can drop a response, and says what the
//     response, or the lack of one, means: once for all policies.
//   - Pool is net/http, with connections that are replaced in time. In development,
//     faults are injected around it.
//
// Health checks bypass bulkhead, breaker and retries, and are not counted. Neither are the
// reads that the breaker's prober tries, but these are measured as attempts.
func (c *Client) build(cfg Config, to connection) {
	f, paid := c.figures, newBudget(cfg.RetryBudget, c.figures)
	c.pool = newPool(cfg, to)
	var send http.RoundTripper = c.pool
	if cfg.Faults != nil {
		send = cfg.Faults(c.service, c.health, c.pool)
	}
	c.probes = authorize(c.tokens, timeout(cfg.Timeout, buffer(f, cfg.MaxBody, send)))
	attempts := attempt(cfg, f, c.probes)
	c.circuit = newCircuit(cfg, f, c.newProber(attempts))
	c.calls = measure(f,
		bulkhead(cfg, f,
			breaker(c.circuit, headerSize(c.header),
				retry(cfg, paid,
					hedge(cfg, f, paid, attempts)))))
}

// newProber returns the prober of the service, which sends reads through attempts.
func (c *Client) newProber(attempts roundTrip) *prober {
	p := &prober{once: c.probes, calls: attempts}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if c.health != "" {
		p.health = func(ctx context.Context) *http.Request {
			return c.request(ctx, http.MethodGet, nil, c.health, nil)
		}
	}
	p.read = func(ctx context.Context, f *failedRead) *http.Request {
		r := c.newRequest(ctx, f.method, f.url, f.route, f.body)
		r.Header[idempotencyKey] = nil // a signal, see idempotent
		return r
	}
	return p
}
