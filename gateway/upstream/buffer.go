package upstream

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"tributary/gateway/fault"
)

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
		resp.Body, resp.ContentLength = io.NopCloser(&body), n
		return resp, nil
	})
}

func tooLong(limit int64) error {
	return fault.New(fault.InvalidResponse, "", fmt.Errorf("the answer is longer than %d bytes", limit))
}
