package upstream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"tributary/gateway/admission"
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
func buffer(f *figures, limit int64, next http.RoundTripper) roundTrip {
	whole, part := &reading{limit: limit}, &reading{limit: min(limit, errorBody)}
	return func(r *http.Request) reply {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return noReply(f.service, blamed(r.Context(), err))
		}
		defer func() { _ = resp.Body.Close() }()
		var body []byte
		if status := resp.StatusCode; status/100 == 2 || mayBeNotFound(status) {
			body, err = whole.all(r.Context(), resp)
		} else {
			body, _ = part.all(r.Context(), resp)
		}
		if err != nil {
			return noReply(f.service, blamed(r.Context(), err))
		}
		return newReply(f.service, resp.StatusCode, resp.Header, body)
	}
}

// reading reads each body into a single allocation of its exact size.
type reading struct {
	limit int64
	rooms sync.Pool // of *bytes.Buffer, for bodies that are not preallocated
}

// roomAhead is the largest Content-Length for which memory is allocated before the body
// has arrived. It is bounded because a service may announce much and then hang.
const roomAhead = 256 << 10

// all reads the body. What it takes from the budget of bodies is given back if it fails.
func (p *reading) all(ctx context.Context, resp *http.Response) (body []byte, err error) {
	if resp.ContentLength > p.limit {
		return nil, tooLong(p.limit)
	}
	l, _ := ctx.Value(leaseKey{}).(*admission.Lease)
	unread := &leased{Reader: resp.Body, ctx: ctx, lease: l}
	defer func() {
		if err != nil {
			l.Give(unread.taken)
		}
	}()
	if err := unread.take(resp.ContentLength); err != nil {
		return nil, err
	}
	if resp.ContentLength >= 0 && resp.ContentLength <= roomAhead {
		whole := make([]byte, resp.ContentLength)
		if _, err := io.ReadFull(unread, whole); err != nil {
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
	n, err := room.ReadFrom(io.LimitReader(unread, p.limit+1))
	if err == nil && n > p.limit {
		err = tooLong(p.limit)
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(room.Bytes()), nil
}

// leased is a body whose bytes are taken from the budget as they arrive, unless they were
// when its length was announced. While there is no room it is not read.
type leased struct {
	io.Reader
	ctx   context.Context //nolint:containedctx // of the one call of all
	lease *admission.Lease
	read  int64
	taken int64 // bytes beyond those that are free
}

// portion is the number of bytes that are taken at a time.
const portion = 64 << 10

// take takes the room for a body of n bytes.
func (b *leased) take(n int64) error {
	missing := n - freeBytes - b.taken
	if b.lease == nil || missing <= 0 {
		return nil
	}
	if err := b.lease.Take(b.ctx, missing); err != nil {
		return fault.New(fault.Overloaded, "", err) // also when time runs out: that is not the service's fault
	}
	b.taken += missing
	return nil
}

func (b *leased) Read(p []byte) (int, error) {
	if b.read >= b.taken+freeBytes {
		if err := b.take(b.read + portion); err != nil {
			return 0, err
		}
	}
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	return n, err
}

func tooLong(limit int64) error {
	return fault.New(fault.InvalidResponse, "", fmt.Errorf("the response is longer than %d bytes", limit))
}
