package e2e_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestBrowsers_OtherSites(t *testing.T) {
	t.Parallel()
	const query = `/graphql?query=%7B__typename%7D`
	open, closed := dev(t), dev(t, "--cors-origins=https://shop.example.com")
	for name, tt := range map[string]struct {
		system *system
		origin string
		status int
		reads  bool
	}{
		"a page on localhost in dev":  {open, "http://localhost:3000", 200, true},
		"another page in dev":         {open, "https://evil.example", 403, false},
		"an origin that is set":       {closed, "https://shop.example.com", 200, true},
		"localhost, which is not set": {closed, "http://localhost:3000", 403, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := tt.system.send(http.MethodGet, tt.system.gateway+query, "", "Origin", tt.origin, "Sec-Fetch-Site", "cross-site")
			if got.StatusCode != tt.status || (got.Header.Get("Access-Control-Allow-Origin") == tt.origin) != tt.reads {
				t.Errorf("%s %v", got.Status, got.Header)
			}
			if !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
				t.Errorf("no GraphQL answer: %v", got.Header)
			}
			for _, path := range []string{"/graphql", "/api/profile/user123"} {
				got := tt.system.send(http.MethodOptions, tt.system.gateway+path, "", "Origin", tt.origin, "Access-Control-Request-Method", "GET")
				if (got.StatusCode == http.StatusNoContent && got.Header.Get("Access-Control-Allow-Origin") == tt.origin) != tt.reads {
					t.Errorf("%s: %s %v", path, got.Status, got.Header)
				}
			}
		})
	}
}

func TestBrowsers_ContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for _, path := range []string{"/", "/docs", "/playground", "/example"} {
		h := s.send(http.MethodGet, s.gateway+path, "").Header
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "http") {
			t.Errorf("%s: Content-Security-Policy: %s", path, policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, h.Get(name))
			}
		}
	}
}
