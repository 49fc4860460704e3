package forward

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// source says where the value of a header comes from.
type source int

const (
	fromClient source = iota
	fromClaim
	fromLanguage
	fromRequestID
	fromTrace // never part of a variant, like the request id
)

// field is a header that a service is sent.
type field struct {
	name   string // canonical
	source source
	claim  string
}

// varies reports whether a service may answer differently by the field.
func (f field) varies() bool { return f.source != fromRequestID && f.source != fromTrace }

// personal reports whether the field is the viewer's own.
func (f field) personal() bool {
	return f.source == fromClaim || f.name == authorization || f.name == cookie
}

// Options are what a [Forwarder] needs beside its settings.
type Options struct {
	Services []string
	// RequestID returns the id of a request, which may not be the client's.
	RequestID func(context.Context) string
	// Operator reports whether the Authorization header of a request is the operators'
	// token, which no service gets. May be nil.
	Operator func(*http.Request) bool
}

// Forwarder forwards headers to services. It is safe for concurrent use.
type Forwarder struct {
	cfg      Config
	opts     Options
	services map[string]*recipient
	shared   *recipient // all fields of all services that are not personal, for whole responses
	own      *recipient // all that are
	vary     string
	bounds   map[string]int // of the values of headers, in bytes
	variety  variety
}

// recipient is a service with the fields that it is sent.
type recipient struct {
	number int
	fields []field
}

// New returns a forwarder. The settings must be valid.
func New(cfg Config, opts Options) *Forwarder {
	cfg.Languages = slices.Clone(cfg.Languages)
	for i, tag := range cfg.Languages {
		cfg.Languages[i], _ = spelled(tag)
	}
	f := &Forwarder{cfg: cfg, opts: opts, services: map[string]*recipient{}, bounds: map[string]int{}}
	var all []field
	for i, service := range opts.Services {
		f.services[service] = &recipient{number: i, fields: cfg.fieldsOf(service)}
		all = append(all, f.services[service].fields...)
	}
	f.shared, f.own = &recipient{number: len(opts.Services)}, &recipient{number: len(opts.Services) + 1}
	for _, field := range all {
		switch field.source {
		case fromClient:
			f.bounds[field.name] = maxValue
			if field.personal() {
				f.bounds[field.name] = maxCredentials
			}
		case fromLanguage:
			f.bounds[field.name] = maxValue
		}
		switch {
		case !field.varies():
		case field.personal():
			f.own.add(field)
		default:
			f.shared.add(field)
		}
	}
	names := make([]string, 0, len(f.shared.fields))
	for _, field := range f.shared.fields {
		names = append(names, field.name)
	}
	f.vary = strings.Join(names, ", ")
	return f
}

// add adds a field, in order of names, once.
func (r *recipient) add(f field) {
	if !slices.Contains(r.fields, f) {
		r.fields = append(r.fields, f)
		slices.SortFunc(r.fields, func(a, b field) int { return strings.Compare(a.name+":"+a.claim, b.name+":"+b.claim) })
	}
}

// fieldsOf returns the fields that a service is sent, each once.
func (c Config) fieldsOf(service string) []field {
	to := &recipient{}
	for _, entry := range c.Headers {
		name, only, named := strings.Cut(entry, "@")
		if named && only != service || c.isClaimed(name) {
			continue
		}
		switch name = http.CanonicalHeaderKey(name); name {
		case requestID:
			to.add(field{name: name, source: fromRequestID})
		case traceparent:
			to.add(field{name: name, source: fromTrace})
			to.add(field{name: tracestate, source: fromTrace})
		case tracestate, baggage:
			to.add(field{name: name, source: fromTrace})
		case acceptLanguage:
			to.add(field{name: name, source: fromLanguage})
		default:
			to.add(field{name: name})
		}
	}
	for _, entry := range c.Claims {
		if claim, ok := claimOf(entry); ok && claim.service == service {
			to.add(field{name: claim.header, source: fromClaim, claim: claim.name})
		}
	}
	return to.fields
}

// isClaimed reports whether a header of this name carries a claim, for whichever service.
// Many servers take X_User_Id for X-User-Id.
func (c Config) isClaimed(name string) bool {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "-")) }
	return slices.ContainsFunc(c.Claims, func(entry string) bool {
		claim, ok := claimOf(entry)
		return ok && plain(claim.header) == plain(name)
	})
}
