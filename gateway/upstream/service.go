package upstream

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// ServiceConfig has the settings of one service. They are flags whose names begin with
// the name of the service: books-url, BFF_BOOKS_URL in the environment. The assembly
// sets the variables in the tags.
type ServiceConfig struct {
	URL     string `name:"url" default:"${url}" help:"Base URL of the ${service} service." secret:""`
	Headers string `name:"headers" placeholder:"NAME: VALUE" help:"Headers of all requests to the ${service} service, such as credentials: NAME: VALUE, one a line." secret:""`
	CA      string `name:"ca" placeholder:"FILE" help:"PEM file with the authorities that may sign the certificate of the ${service} service. Empty: those of the system."`
	Cert    string `name:"cert" placeholder:"FILE" help:"PEM file with the client certificate for the ${service} service."`
	Key     string `name:"key" placeholder:"FILE" help:"PEM file with the key of the client certificate for the ${service} service."`
	Proxy   string `name:"proxy" help:"URL of the proxy for requests to the ${service} service: http, https or socks5. none: no proxy. Empty: as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say." secret:""`

	OAuth OAuthConfig `embed:""`

	// Health is the path of the health check; "" if there is none. It is no setting.
	Health string `kong:"-"`
}

// Check reports the first setting of the named service that cannot be used.
func (c ServiceConfig) Check(service string) error {
	if _, err := ParseURL(c.URL); err != nil {
		return fmt.Errorf("%s-url %w", service, err)
	}
	if err := c.OAuth.check(service); err != nil {
		return err
	}
	to, err := c.connect(service)
	if err == nil && c.OAuth.TokenURL != "" && to.header.Get("Authorization") != "" {
		return fmt.Errorf("%s-headers must not have Authorization if %s-oauth-token-url is set", service, service)
	}
	return err
}

// ownHeaders are those that describe the connection or the body, or that the client sets.
const ownHeaders = " Accept-Encoding Connection Content-Encoding Content-Length Content-Type Expect Host Idempotency-Key" +
	" Keep-Alive Proxy-Connection Te Trailer Transfer-Encoding Upgrade X-Idempotency-Key "

// HeaderNames returns the canonical names of the headers of all requests, in order.
func (c ServiceConfig) HeaderNames() []string {
	header, _ := c.header()
	return slices.Sorted(maps.Keys(header))
}

// header returns the headers of all requests. Its errors do not contain values.
func (c ServiceConfig) header() (http.Header, error) {
	header := http.Header{}
	number := 0
	for line := range strings.Lines(c.Headers) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		switch {
		case !ok || !isToken(name):
			return nil, fmt.Errorf("must have NAME: VALUE on each line; line %d is not", number)
		case strings.Contains(ownHeaders, " "+http.CanonicalHeaderKey(name)+" "):
			return nil, fmt.Errorf("must not have %s, which the gateway sets itself", http.CanonicalHeaderKey(name))
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, fmt.Errorf("must not have control characters in values; line %d has", number)
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return header, nil
}

// isToken reports whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	const letters, marks = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "!#$%&'*+-.^_`|~"
	return s != "" && strings.Trim(s, letters+marks) == ""
}
