package browser_test

import (
	"strings"
	"testing"

	"tributary/gateway/browser"
)

// A * stands for a part of a host and for nothing else: what is allowed is an
// origin of the domain, whatever a header makes of it.
func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"", "null", "https://a.example.com", "https://.example.com",
		"https://evil.example/.example.com", "https://a@b.example.com", "HTTPS://A.EXAMPLE.COM", "https://a.example.com.evil.example"} {
		f.Add(s)
	}
	cfg := browser.Config{Origins: []string{"https://*.example.com"}}
	f.Fuzz(func(t *testing.T, origin string) {
		if !cfg.Allows(origin) {
			return
		}
		host, https := strings.CutPrefix(strings.ToLower(origin), "https://")
		if !https || !strings.HasSuffix(host, ".example.com") || strings.ContainsAny(host, "/@:?#\\ ") {
			t.Errorf("%q is allowed", origin)
		}
	})
}

// What may be set as an origin is one, or a pattern with one *.
func FuzzOrigins(f *testing.F) {
	for _, s := range []string{"", "*", "null", "https://shop.example.com", "http://localhost:*", "https://*.*.example.com",
		"https://user@example.com", "http://[::1]:8000", "https://a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		err := (browser.Config{Origins: []string{origin}}).Validate()
		if err == nil && origin != "*" && (!strings.HasPrefix(origin, "http") || strings.Count(origin, "/") != 2 ||
			strings.Count(origin, "*") > 1) {
			t.Errorf("%q is taken for an origin", origin)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "cors-origins: ") {
			t.Errorf("%q: %v", origin, err)
		}
	})
}
