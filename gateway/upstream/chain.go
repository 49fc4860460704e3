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

// chain is what every call to one service goes through:
//
//	Measure(Bulkhead(Breaker(Retry(Hedge(Attempt(Timeout(Buffer(net/http))))))))
//
// From the outside in:
//
//   - Measure sees each call as its caller does.
//   - Bulkhead keeps a slow service from holding all that the gateway has. It
//     stands outside the breaker, so that a call finds out after its wait, and
//     not before, that the service is given up.
//   - Breaker judges whole calls: what a retry mended is no failure.
//   - Retry and Hedge pay from one budget.
//   - Attempt notes each request that is really made.
//   - Timeout stands around Buffer, so that it covers the body.
//   - Buffer leaves nothing behind when an attempt is dropped further out.
//
// The second round tripper is for probes: they are no calls, and neither wait
// behind calls nor count for the breaker, nor mind it.
func chain(cfg Config, f *figures) (calls, probes http.RoundTripper) {
	paid := newBudget(cfg.RetryBudget, f)
	once := timeout(cfg.Timeout, buffer(cfg.MaxBody, transport(cfg)))
	calls = measure(f,
		bulkhead(cfg, f,
			breaker(cfg, f,
				retry(cfg, paid,
					hedge(cfg, paid,
						attempt(cfg, f, once))))))
	return calls, once
}

func transport(cfg Config) http.RoundTripper {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		// A dial goes on when the attempt that wanted it has ended: it has a
		// time-out of its own.
		DialContext:         (&net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: cfg.Timeout,
		MaxIdleConns:        0, // bounded by host
		MaxIdleConnsPerHost: max(64, cfg.Concurrency),
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
}
