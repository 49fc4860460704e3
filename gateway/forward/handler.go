package forward

import (
	"context"
	"fmt"
	"net/http"

	"tributary/gateway/fault"
)

// Maximum lengths of forwarded values, in bytes.
const (
	maxValue       = 1 << 10
	maxCredentials = 8 << 10 // of Authorization and Cookie
)

// Handler is middleware that forwards headers with the upstream calls of a request, and
// adds the names of those that are not the viewer's own to Vary. Requests with a value that
// is too long are passed to refuse, which answers 431.
func (f *Forwarder) Handler(refuse func(w http.ResponseWriter, r *http.Request, reason error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if f.vary != "" {
				w.Header().Add("Vary", f.vary)
			}
			if err := f.check(r.Header); err != nil {
				refuse(w, r, err)
				return
			}
			header := r.Header
			if len(header[authorization]) > 0 && f.opts.Operator != nil && f.opts.Operator(r) {
				header = header.Clone()
				delete(header, authorization)
			}
			next.ServeHTTP(w, r.WithContext(f.with(r.Context(), header)))
		})
	}
}

func (f *Forwarder) check(header http.Header) error {
	for name, most := range f.bounds {
		length := 0
		for _, value := range header[name] {
			length += len(value)
		}
		if length > most {
			return fmt.Errorf("the header %s is forwarded to services and must have at most %d bytes; it has %d", name, most, length)
		}
	}
	return nil
}

// Authorize returns a context in which value takes the place of the request's Authorization
// header, as for a WebSocket whose client sends it in a message. The viewer of ctx is the
// one that the value speaks for. A value that cannot stand in a header is an error.
func Authorize(ctx context.Context, value string) (context.Context, error) {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return ctx, nil
	}
	if len(value) > maxCredentials || hasControls(value) {
		return ctx, fault.BadUserInputf("authorization must have at most %d bytes and no control characters", maxCredentials)
	}
	header := r.header.Clone()
	header[authorization] = []string{value}
	return r.with(ctx, header), nil
}
