package upstream

import (
	"net"
	"net/http"
	"time"
)

// RoundTrip adapts a function to [http.RoundTripper].
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// chain returns the policies around net/http for one service:
//
//	Measure(Bulkhead(Breaker(Retry(Hedge(Attempt(Timeout(Buffer(net/http))))))))
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
//   - Timeout is outside Buffer, so that it covers the body.
//   - Buffer reads and closes the body, so that policies can drop a response.
//
// The second round tripper is for health checks. They bypass bulkhead and breaker, and
// are not counted.
func chain(cfg Config, to connection, f *figures) (calls, probes http.RoundTripper) {
	paid := newBudget(cfg.RetryBudget, f)
	once := timeout(cfg.Timeout, buffer(cfg.MaxBody, transport(cfg, to)))
	calls = measure(f,
		bulkhead(cfg, f,
			breaker(cfg, f,
				retry(cfg, paid,
					hedge(cfg, paid,
						attempt(cfg, f, once))))))
	return calls, once
}

func transport(cfg Config, to connection) http.RoundTripper {
	return &http.Transport{
		Proxy:           to.proxy,
		TLSClientConfig: to.tls,
		// net/http continues a dial after the request that started it has ended,
		// so it needs a timeout of its own.
		DialContext:         (&net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: cfg.Timeout,
		MaxIdleConns:        0, // limited per host instead
		MaxIdleConnsPerHost: max(64, cfg.Concurrency),
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
}
