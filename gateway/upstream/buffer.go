package upstream

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"

	"tributary/gateway/fault"
)

// errorBody is the maximum size of a body that is read although its status decides.
const errorBody = 64 << 10

// buffer reads the whole body, up to limit bytes, and closes it, so that a policy that
// drops a response leaks no connection. A body whose Content-Length exceeds the limit
// is rejected without being read.
//
// If the status decides what the response means, no fault of the body changes that: it
// is read so that the connection can be reused, up to [errorBody] bytes, and is empty if
// that fails.
func buffer(limit int64, next http.RoundTripper) http.RoundTripper {
	whole, part := &reading{limit: limit}, &reading{limit: min(limit, errorBody)}
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		unread := resp.Body
		defer func() { _ = unread.Close() }()
		var body []byte
		if status := resp.StatusCode; status/100 == 2 || mayBeNotFound(status) {
			body, err = whole.all(resp)
		} else {
			body, _ = part.all(resp)
		}
		if err != nil {
			return nil, err
		}
		resp.Body, resp.ContentLength = &inMemory{*bytes.NewReader(body), body}, int64(len(body))
		return resp, nil
	})
}

// inMemory is a body that has been read.
type inMemory struct {
	bytes.Reader
	whole []byte
}

func (*inMemory) Close() error { return nil }

// reading reads each body into a single allocation of its exact size.
type reading struct {
	limit int64
	rooms sync.Pool // of *bytes.Buffer, for bodies that are not preallocated
}

// roomAhead is the largest Content-Length for which memory is allocated before the body
// has arrived. It is bounded because a service may announce much and then hang.
const roomAhead = 256 << 10

func (p *reading) all(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > p.limit {
		return nil, tooLong(p.limit)
	}
	if resp.ContentLength >= 0 && resp.ContentLength <= roomAhead {
		whole := make([]byte, resp.ContentLength)
		if _, err := io.ReadFull(resp.Body, whole); err != nil {
			return nil, err
		}
		return whole, nil
	}
	room, _ := p.rooms.Get().(*bytes.Buffer)
	if room == nil {
		room = &bytes.Buffer{}
	}
	defer p.rooms.Put(room)
	room.Reset()
	n, err := room.ReadFrom(io.LimitReader(resp.Body, p.limit+1))
	if err == nil && n > p.limit {
		err = tooLong(p.limit)
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(room.Bytes()), nil
}

func tooLong(limit int64) error {
	return fault.New(fault.InvalidResponse, "", fmt.Errorf("the answer is longer than %d bytes", limit))
}
