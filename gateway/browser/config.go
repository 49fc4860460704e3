// Package browser is middleware against attacks by way of browsers: it decides
// which origins may read responses (CORS), refuses requests that other sites make
// in a visitor's name (CSRF), and restricts what the gateway's own pages may load
// (CSP).
package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Config has the settings for browsers.
type Config struct {
	Origins     []string `name:"cors-origins" reload:"" help:"Origins whose pages may use the gateway from a browser, as in https://shop.example.com; * stands for part of a host, for a port or, alone, for every origin. Empty: only the gateway's own."`
	Credentials bool     `name:"cors-credentials" reload:"" help:"Allow these origins to send cookies."`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, origin := range c.Origins {
		if !isOrigin(origin) {
			return fmt.Errorf("cors-origins: %q is not an origin like https://shop.example.com, without a path", origin)
		}
	}
	for _, origin := range c.Origins {
		if c.Credentials && !isOneSite(origin) {
			return fmt.Errorf("cors-credentials cannot go with %q in cors-origins, which stands for hosts of any owner: "+
				"name the origin, or let * stand for what precedes a domain of yours, as in https://*.example.com", origin)
		}
	}
	return nil
}

// isOneSite reports whether all origins that a pattern stands for belong to one owner: its
// host is fixed, or * stands for what precedes a domain that its owner has registered.
func isOneSite(pattern string) bool {
	_, host, _ := strings.Cut(strings.ToLower(strings.TrimSuffix(pattern, ":*")), "://")
	_, after, wild := strings.Cut(host, "*")
	if !wild {
		return host != ""
	}
	_, domain, _ := strings.Cut(after, ".") // the label that * is a part of may be of any owner
	domain, _, _ = strings.Cut(domain, ":")
	return isRegistered(domain)
}

// isRegistered reports whether a domain is below a public suffix, such as com or co.uk, where
// domains can be registered.
func isRegistered(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil
}

func isOrigin(s string) bool {
	if s == "*" {
		return true
	}
	// A port must be a number for url.Parse.
	u, err := url.Parse(strings.TrimSuffix(s, ":*"))
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.Scheme+"://"+u.Host == strings.TrimSuffix(s, ":*") && strings.Count(s, "*") <= 1
}

// Allows reports whether origin, as in the Origin header, is one of the
// configured ones. The gateway's own origin need not be.
func (c Config) Allows(origin string) bool {
	return origin != "" && slices.ContainsFunc(c.Origins, func(allowed string) bool {
		if allowed == "*" {
			return true
		}
		before, after, pattern := strings.Cut(allowed, "*")
		if !pattern {
			return strings.EqualFold(origin, allowed)
		}
		origin := strings.ToLower(origin)
		part, ok := strings.CutPrefix(origin, strings.ToLower(before))
		if !ok {
			return false
		}
		part, ok = strings.CutSuffix(part, strings.ToLower(after))
		return ok && isPart(part, strings.HasSuffix(before, ":"))
	})
}

// isPart reports whether a * may match s: a part of a host, or a port.
func isPart(s string, port bool) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		digit := '0' <= r && r <= '9'
		inHost := 'a' <= r && r <= 'z' || r == '-' || r == '.'
		return !digit && (port || !inHost)
	})
}
