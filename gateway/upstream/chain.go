package upstream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"tributary/gateway/fault"
)

// RoundTrip is a function that is a [http.RoundTripper].
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// chain is what every call to one service goes through:
//
//	Timeout(Buffer(net/http))
//
// Time-out stands around the buffer, so that it covers the body.
func chain(cfg Config) http.RoundTripper {
	base := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConns:          0, // bounded by host
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   cfg.Timeout,
		ResponseHeaderTimeout: cfg.Timeout,
		ForceAttemptHTTP2:     true,
	}
	return timeout(cfg.Timeout, buffer(cfg.maxBody(), base))
}

// timeout ends an attempt after d, its body included.
func timeout(d time.Duration, next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel() // next has read the body already
		return next.RoundTrip(r.WithContext(ctx))
	})
}

// buffer reads the body whole, up to limit bytes, and closes it: whoever drops
// the answer further out leaves no connection behind. A longer body is refused
// unread as far as its length was announced.
func buffer(limit int64, next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.ContentLength > limit {
			return nil, tooLong(limit)
		}
		var body bytes.Buffer
		if resp.ContentLength > 0 {
			body.Grow(int(resp.ContentLength) + bytes.MinRead)
		}
		n, err := body.ReadFrom(io.LimitReader(resp.Body, limit+1))
		if err != nil {
			return nil, err
		}
		if n > limit {
			return nil, tooLong(limit)
		}
		resp.Body = io.NopCloser(&body)
		return resp, nil
	})
}

func tooLong(limit int64) error {
	return fault.New(fault.InvalidResponse, "", fmt.Errorf("the answer is longer than %d bytes", limit))
}
