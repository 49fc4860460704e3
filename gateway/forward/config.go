// Package forward gives services headers: those of the client's request that the
// settings name, and claims of its viewer. It derives the cache variant of a request
// from the very values that are sent, so that entries are shared by requests for which
// a service sees no difference, and by no others.
package forward

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Config has the settings of forwarding.
type Config struct {
	Headers   []string `name:"forward-headers" default:"traceparent,X-Request-Id,Accept-Language" placeholder:"NAME[@SERVICE],..." help:"Request headers passed on to the services: NAME to all, NAME@SERVICE to one. Authorization and Cookie need a service. Cache entries of a service are kept apart by what it is sent, except for trace headers and X-Request-Id."`
	Claims    []string `name:"forward-claims" placeholder:"CLAIM:NAME@SERVICE,..." help:"Claims of the viewer's token that a service gets as a header, as in sub:X-User-Id@authors. Headers of these names that clients send are dropped."`
	Languages []string `name:"languages" placeholder:"TAG,..." help:"Languages that the services speak, the default first. Accept-Language is negotiated to one of them. Empty: it is passed on, in one spelling."`
}

// connectionHeaders belong to one connection or one body and so cannot be sent on.
var connectionHeaders = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive",
	"Proxy-Authorization", "Proxy-Connection", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// Headers with rules of their own, in canonical form.
const (
	authorization  = "Authorization"
	cookie         = "Cookie"
	acceptLanguage = "Accept-Language"
	requestID      = "X-Request-Id"
	traceparent    = "Traceparent"
	tracestate     = "Tracestate"
	baggage        = "Baggage"
	idempotencyKey = "Idempotency-Key"
	replayKey      = "X-Idempotency-Key" // means the same to net/http, which repeats requests that have it
)

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, entry := range c.Headers {
		name, service, named := strings.Cut(entry, "@")
		if err := checkName("forward-headers", name); err != nil {
			return err
		}
		switch name = http.CanonicalHeaderKey(name); {
		case named && service == "":
			return fmt.Errorf("forward-headers: %q names no service after its @", entry)
		case !named && (name == authorization || name == cookie):
			return fmt.Errorf("forward-headers: %s must name the service that may see it, as in %s@SERVICE", name, name)
		}
	}
	if err := c.checkClaims(); err != nil {
		return err
	}
	for _, tag := range c.Languages {
		if _, ok := spelled(tag); !ok {
			return fmt.Errorf("languages: %q is not a language tag like de or pt-BR", tag)
		}
	}
	return nil
}

func (c Config) checkClaims() error {
	seen := map[string]bool{}
	for _, entry := range c.Claims {
		claim, ok := claimOf(entry)
		if !ok {
			return fmt.Errorf("forward-claims: %q is not CLAIM:NAME@SERVICE, as in sub:X-User-Id@authors", entry)
		}
		if err := checkName("forward-claims", claim.header); err != nil {
			return err
		}
		switch claim.header {
		case requestID, traceparent, tracestate, acceptLanguage:
			return fmt.Errorf("forward-claims: %s is a header of the gateway's own", claim.header)
		}
		to := claim.header + "@" + claim.service
		if seen[to] {
			return fmt.Errorf("forward-claims: %s gets two claims", to)
		}
		seen[to] = true
	}
	return nil
}

func checkName(setting, name string) error {
	switch {
	case !isToken(name):
		return fmt.Errorf("%s: %q is not a header name", setting, name)
	case slices.Contains(connectionHeaders, http.CanonicalHeaderKey(name)):
		return fmt.Errorf("%s: %s belongs to the client's own connection and cannot be forwarded", setting, name)
	case http.CanonicalHeaderKey(name) == idempotencyKey, http.CanonicalHeaderKey(name) == replayKey:
		return fmt.Errorf("%s: the gateway derives %s itself for each write, from the client's; %s cannot be forwarded", setting, idempotencyKey, name)
	}
	return nil
}

// Check reports the first service that the settings name and that does not exist.
func (c Config) Check(services []string) error {
	check := func(setting, entry string) error {
		_, service, named := strings.Cut(entry, "@")
		if named && !slices.Contains(services, service) {
			return fmt.Errorf("%s: unknown service %q: want one of %s", setting, service, strings.Join(services, ", "))
		}
		return nil
	}
	for _, entry := range c.Headers {
		if err := check("forward-headers", entry); err != nil {
			return err
		}
	}
	for _, entry := range c.Claims {
		if err := check("forward-claims", entry); err != nil {
			return err
		}
	}
	return nil
}

// claim is a claim that a service gets as a header.
type claim struct{ name, header, service string }

// claimOf reads CLAIM:NAME@SERVICE. The name of a claim may have colons itself.
func claimOf(entry string) (c claim, ok bool) {
	entry, c.service, _ = strings.Cut(entry, "@")
	i := strings.LastIndexByte(entry, ':')
	if i <= 0 || c.service == "" {
		return c, false
	}
	c.name, c.header = entry[:i], http.CanonicalHeaderKey(entry[i+1:])
	return c, c.header != ""
}

// isToken reports whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// Sends reports whether a service is sent a header that clients send, or a claim by its name.
func (c Config) Sends(name, service string) bool {
	return slices.ContainsFunc(c.fieldsOf(service), func(f field) bool { return f.name == http.CanonicalHeaderKey(name) })
}
