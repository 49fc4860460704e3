package forward

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tributary/gateway/auth"
	"tributary/gateway/internal/digest"
	"tributary/gateway/upstream"
)

// request is what is forwarded of one request. It is read-only but for its memo.
type request struct {
	*Forwarder

	header   http.Header // of the client
	viewer   *auth.Viewer
	id       string
	language string
	variants []atomic.Pointer[string] // by the number of the recipient
}

type requestKey struct{}

// with returns a context in which headers are forwarded for a client and its viewer.
func (f *Forwarder) with(ctx context.Context, header http.Header) context.Context {
	r := &request{
		Forwarder: f, header: header, viewer: auth.From(ctx), id: f.opts.RequestID(ctx),
		variants: make([]atomic.Pointer[string], len(f.services)+2),
	}
	if _, sent := f.bounds[acceptLanguage]; sent {
		ranges := rangesOf(strings.Join(header[acceptLanguage], ","))
		if len(f.cfg.Languages) > 0 {
			r.language = negotiate(ranges, f.cfg.Languages)
		} else {
			r.language = f.variety.forward(ranges, time.Now())
		}
	}
	return upstream.Forward(context.WithValue(ctx, requestKey{}, r), r.send)
}

// send sets the headers that a service is sent.
func (r *request) send(service string, to http.Header) {
	recipient := r.services[service]
	if recipient == nil {
		return
	}
	for _, f := range recipient.fields {
		if value := r.value(f); value != "" {
			to[f.name] = []string{value}
		}
	}
}

// value returns the value of a field exactly as it is sent, "" if it is not.
func (r *request) value(f field) string {
	switch f.source {
	case fromRequestID:
		return r.id
	case fromLanguage:
		return r.language
	case fromTrace:
		return r.trace(f.name)
	case fromClaim:
		if r.viewer == nil {
			return ""
		}
		value, _ := r.viewer.Claim(f.claim)
		if !sendable(value) {
			return ""
		}
		return value
	}
	if f.name == cookie {
		return joined(r.header[f.name], "; ")
	}
	return joined(r.header[f.name], ", ")
}

// joined returns the values of a header as one (RFC 9110, section 5.3; RFC 9113, section
// 8.2.3, for Cookie).
func joined(values []string, separator string) string {
	if len(values) == 1 {
		return strings.Trim(values[0], " \t")
	}
	var some []string
	for _, value := range values {
		if value = strings.Trim(value, " \t"); value != "" {
			some = append(some, value)
		}
	}
	return strings.Join(some, separator)
}

// sendable reports whether value can stand in a header, and means there what it means in a
// claim: no control characters, and no spaces around it, which are cut off.
func sendable(value string) bool {
	return len(value) <= maxValue && strings.Trim(value, " \t") == value &&
		!hasControls(value)
}

func hasControls(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// variant returns a digest of what a recipient is sent, "" if that is nothing.
func (r *request) variant(to *recipient) string {
	if known := r.variants[to.number].Load(); known != nil {
		return *known
	}
	var sent []byte
	add := func(name, value string) { sent = fmt.Appendf(sent, "%s:%d:%s", name, len(value), value) }
	viewer := to == r.own && r.viewer != nil
	for _, f := range to.fields {
		value := r.value(f)
		if !f.varies() || value == "" {
			continue
		}
		viewer = viewer || f.personal() && r.viewer != nil
		if f.name == authorization && f.source == fromClient && r.viewer != nil {
			continue // another token of the same viewer says the same
		}
		add(f.name, value)
	}
	if viewer {
		add("", r.viewer.Key())
	}
	variant := ""
	if len(sent) > 0 {
		variant = digest.Of(sent).Base64(variantBytes)
	}
	r.variants[to.number].Store(&variant)
	return variant
}

// variantBytes of a SHA-256 tell variants apart.
const variantBytes = 16

// Variant identifies what a service is sent in ctx and may answer differently for: trace
// headers and the request id do not count, and a verified token counts as its viewer. The
// service "" stands for all of them, without what is the viewer's own. It is a part of a
// SHA-256, so it does not reveal the values, and equal variants mean equal values. It is ""
// if nothing is sent.
func Variant(ctx context.Context, service string) string {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return ""
	}
	if service == "" {
		return r.variant(r.shared)
	}
	if to := r.services[service]; to != nil {
		return r.variant(to)
	}
	return ""
}

// Viewer identifies who asks in ctx, in the same way: the viewer of a verified token, and
// what services are sent of the client's own.
func Viewer(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.variant(r.own)
	}
	return ""
}

// Personal reports whether what a service responds in ctx may differ by viewer: it is sent
// something of the viewer's own where there is one. What it responds to an anonymous request
// is not for others either.
func Personal(ctx context.Context, service string) bool {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok || r.services[service] == nil {
		return false
	}
	return slices.ContainsFunc(r.services[service].fields, field.personal)
}
