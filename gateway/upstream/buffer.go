package upstream

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"

	"tributary/gateway/fault"
)

// buffer reads the whole body, up to limit bytes, and closes it, so that a policy that
// drops a response leaks no connection. A body whose Content-Length exceeds the limit
// is rejected without being read.
func buffer(limit int64, next http.RoundTripper) http.RoundTripper {
	read := &reading{limit: limit}
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.ContentLength > limit {
			return nil, tooLong(limit)
		}
		whole, err := read.all(resp)
		if err != nil {
			return nil, err
		}
		resp.Body, resp.ContentLength = &inMemory{*bytes.NewReader(whole), whole}, int64(len(whole))
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
	if resp.ContentLength >= 0 && resp.ContentLength <= roomAhead {
		whole := make([]byte, resp.ContentLength)
		_, err := io.ReadFull(resp.Body, whole)
		return whole, err
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
