// Package auth verifies the tokens of viewers: signed JWTs (RFC 7519) that clients send as bearer
// tokens (RFC 6750), checked as RFC 8725 recommends against the keys of an identity provider (RFC
// 7517).
//
// An [Authenticator] turns the Authorization header of a request into a [Viewer]. The viewer's
// key is a part of cache keys. It is derived from claims, so that a new token of the same viewer
// has the same key.
package auth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config has the settings of authentication. Without JWKS all requests are anonymous.
type Config struct {
	JWKS         string        `name:"auth-jwks" placeholder:"FILE|URL" help:"JWK set with the public keys that sign tokens. Empty: all requests are anonymous."`
	Issuers      []string      `name:"auth-issuer" placeholder:"ISSUER,..." help:"Issuers whose tokens are accepted (claim iss). Required with auth-jwks."`
	Audiences    []string      `name:"auth-audience" placeholder:"AUDIENCE,..." help:"Audiences whose tokens are accepted (claim aud). Empty: every audience, with a warning."`
	Algorithms   []string      `name:"auth-algorithms" default:"RS256,PS256,ES256,EdDSA" help:"Signature algorithms that are accepted."`
	Required     bool          `name:"auth-required" help:"Reject requests without a token."`
	ScopeClaim   string        `name:"auth-scope-claim" default:"scope" help:"Claim with the scopes: a string with spaces between them, or a list."`
	Leeway       time.Duration `name:"auth-leeway" default:"30s" help:"By how much clocks may differ when exp and nbf are checked."`
	ViewerClaims []string      `name:"auth-viewer-claims" placeholder:"CLAIM,..." help:"Further claims that tell viewers apart in caches, such as a tenant."`

	// IgnoreOthers takes a token of another issuer, or what is no token, for none, instead of
	// refusing it. It is for development.
	IgnoreOthers bool `kong:"-"`
}

// algorithms are those that can be accepted: asymmetric ones, so that a public key is
// never taken for a secret.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	if c.JWKS == "" {
		return nil
	}
	if strings.Contains(c.JWKS, "://") {
		if u, err := url.Parse(c.JWKS); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			return errors.New("auth-jwks must be a file or a URL with https:// or http:// and a host")
		}
	}
	if len(c.Issuers) == 0 || slices.Contains(c.Issuers, "") {
		return errors.New("auth-jwks needs auth-issuer, the issuer of the tokens")
	}
	if len(c.Algorithms) == 0 {
		return errors.New("auth-algorithms must not be empty")
	}
	for _, a := range c.Algorithms {
		if !slices.Contains(algorithms, a) {
			return fmt.Errorf("auth-algorithms: %q is not one of %s", a, strings.Join(algorithms, ", "))
		}
	}
	if c.ScopeClaim == "" {
		return errors.New("auth-scope-claim must not be empty")
	}
	if c.Leeway < 0 {
		return errors.New("auth-leeway must not be negative")
	}
	return nil
}

// CheckKeys reports that tokens are required, but cannot be verified. It is not part of
// Validate because dev has keys of its own.
func (c Config) CheckKeys() error {
	if c.Required && c.JWKS == "" {
		return errors.New("auth-required needs auth-jwks, the keys that tokens are verified with")
	}
	return nil
}
