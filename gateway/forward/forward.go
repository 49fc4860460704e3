package forward

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"tributary/gateway/tracing"
	"tributary/gateway/upstream"
)

// Handler is middleware that forwards the headers named in cfg with the upstream
// calls of a request, and adds them to Vary. The request id is taken from
// requestID, because the client's may have been replaced.
func Handler(cfg Config, requestID func(context.Context) string) func(http.Handler) http.Handler {
	varying := cfg.varying()
	vary := strings.Join(varying, ", ")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if vary != "" {
				w.Header().Add("Vary", vary)
			}
			ctx := upstream.Forward(r.Context(), func(to http.Header) { cfg.pick(to, r, requestID) })
			if v := variant(varying, r.Header); v != "" {
				ctx = context.WithValue(ctx, variantKey{}, v)
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// pick sets in to the headers of r that the upstreams see.
func (c Config) pick(to http.Header, r *http.Request, requestID func(context.Context) string) {
	for _, name := range c.Headers {
		switch strings.ToLower(name) {
		case "x-request-id":
			to.Set(name, requestID(r.Context()))
			continue
		case "traceparent", "tracestate": // which are valid together or not at all
			tracing.Inject(tracing.Extract(context.Background(), r.Header), to)
			continue
		}
		copyTo(to, r.Header, name)
	}
}

func copyTo(to, from http.Header, name string) {
	if values := from.Values(name); len(values) > 0 {
		to[http.CanonicalHeaderKey(name)] = []string{strings.Join(values, ", ")}
	}
}

type variantKey struct{}

// Variant identifies the values of the forwarded headers that may change what
// upstreams answer. It is a part of a SHA-256, so it does not reveal them, and
// equal variants mean equal values. It is "" if there are no such headers.
func Variant(ctx context.Context) string {
	v, _ := ctx.Value(variantKey{}).(string)
	return v
}

func variant(varying []string, h http.Header) string {
	var said []byte
	for _, name := range varying {
		value := strings.Join(h.Values(name), ", ")
		if name == "Accept-Language" {
			value = language(value)
		}
		if value != "" {
			said = fmt.Appendf(said, "%s:%d:%s", name, len(value), value)
		}
	}
	if len(said) == 0 {
		return ""
	}
	digest := sha256.Sum256(said)
	return base64.RawURLEncoding.EncodeToString(digest[:variantBytes])
}

// variantBytes of a SHA-256 tell viewers apart.
const variantBytes = 16

// language is the same for values of Accept-Language that say the same: spaces
// and capitals mean nothing, and to take any language is to ask for none.
func language(value string) string {
	value = strings.ToLower(strings.Join(strings.Fields(value), ""))
	if value == "*" {
		return ""
	}
	return value
}
