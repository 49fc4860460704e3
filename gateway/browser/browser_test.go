package browser_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"tributary/gateway/browser"
)

const host = "gateway.example.com"

func handler(cfg browser.Config) http.Handler {
	refuse := func(w http.ResponseWriter, _ *http.Request, reason error) {
		http.Error(w, reason.Error(), http.StatusForbidden)
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Age", "1") })
	guard := browser.NewGuard(cfg)
	return guard.CORS(guard.CrossSiteProtection(refuse)(answer))
}

// ask sends a request with headers given as lines.
func ask(h http.Handler, method, lines string) *http.Response {
	r := httptest.NewRequest(method, "http://"+host+"/graphql", http.NoBody)
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestCrossSite_Refused(t *testing.T) {
	allowing := browser.Config{Origins: []string{"https://shop.example.com", "http://localhost:*", "https://*.preview.example.com"}}
	for name, tt := range map[string]struct {
		headers string
		status  int
	}{
		"a client that is no browser":         {"Accept: */*", 200},
		"the gateway's own page":              {"Sec-Fetch-Site: same-origin\nCookie: a=b", 200},
		"an address that was typed":           {"Sec-Fetch-Site: none\nCookie: a=b", 200},
		"a picture on another site":           {"Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors", 403},
		"a link on another site":              {"Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate", 403},
		"a sister site":                       {"Sec-Fetch-Site: same-site\nOrigin: https://other.example.com", 403},
		"a script on another site":            {"Sec-Fetch-Site: cross-site\nOrigin: https://evil.example", 403},
		"an older browser on another site":    {"Origin: https://evil.example", 403},
		"an older browser on our page":        {"Origin: https://" + host, 200},
		"a sandboxed frame":                   {"Sec-Fetch-Site: cross-site\nOrigin: null", 403},
		"a header does not help another site": {"Sec-Fetch-Site: cross-site\nOrigin: https://evil.example\nApollo-Require-Preflight: true", 403},
		"an origin that may":                  {"Sec-Fetch-Site: cross-site\nOrigin: https://shop.example.com", 200},
		"the same by other letters":           {"Origin: https://SHOP.example.com", 200},
		"the same without TLS":                {"Origin: http://shop.example.com", 403},
		"an origin that begins like it":       {"Origin: https://shop.example.com.evil.example", 403},
		"any port":                            {"Origin: http://localhost:5173", 200},
		"no port":                             {"Origin: http://localhost", 403},
		"a host in the place of the port":     {"Origin: http://localhost:1.evil.example", 403},
		"any part of a host":                  {"Origin: https://pr-17.preview.example.com", 200},
		"no part of a host":                   {"Origin: https://.preview.example.com", 403},
		"userinfo in the place of the part":   {"Origin: https://evil.example/@.preview.example.com", 403},
		"cookies and nothing else":            {"Cookie: a=b", 403},
		"cookies and a header":                {"Cookie: a=b\nApollo-Require-Preflight: true", 200},
		"cookies and an operation's name":     {"Cookie: a=b\nX-Apollo-Operation-Name: Library", 200},
		"cookies and JSON":                    {"Cookie: a=b\nContent-Type: application/json", 200},
		"cookies and a form":                  {"Cookie: a=b\nContent-Type: text/plain; application/json", 403},
		"cookies and no type":                 {"Cookie: a=b\nContent-Type: ;application/json", 403},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				if got := ask(handler(allowing), method, tt.headers); got.StatusCode != tt.status {
					t.Errorf("%s: %s, want %d", method, got.Status, tt.status)
				}
			}
		})
	}
}

func TestCORS_AllowedOrigins(t *testing.T) {
	const preflight = "Origin: https://shop.example.com\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: content-type,tributary-seen,x-custom"
	for name, cfg := range map[string]browser.Config{"none": {}, "another": {Origins: []string{"https://shop.example.org"}}} {
		for method, headers := range map[string]string{http.MethodOptions: preflight, http.MethodPost: "Origin: https://shop.example.com"} {
			for header := range ask(handler(cfg), method, headers).Header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s, %s: tells %s", name, method, header)
				}
			}
		}
	}
	h := handler(browser.Config{Origins: []string{"https://shop.example.com"}})
	asked := ask(h, http.MethodOptions, preflight)
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://shop.example.com",
		"Access-Control-Allow-Methods":     "POST",
		"Access-Control-Allow-Headers":     "content-type,tributary-seen,x-custom",
		"Access-Control-Allow-Credentials": "",
		"Access-Control-Max-Age":           "600",
	} {
		if got := asked.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	got := ask(h, http.MethodPost, "Origin: https://shop.example.com")
	if exposed := got.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Server-Timing") ||
		!strings.Contains(exposed, "Tributary-Seen") || got.Header.Get("Vary") != "Origin" {
		t.Errorf("exposes %v", got.Header)
	}
	with := browser.Config{Origins: []string{"https://shop.example.com"}, Credentials: true}
	if ask(handler(with), http.MethodPost, "Origin: https://shop.example.com").Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Error("cookies may not be sent")
	}
}

func TestCORS_InvalidOrigin(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://shop.example.com": true, "http://localhost:3000": true, "http://localhost:*": true,
		"https://*.example.com": true, "*": true, "http://[::1]:8000": true,
		"": false, "shop.example.com": false, "https://shop.example.com/": false, "ftp://example.com": false, "null": false,
		"https://*.*.example.com": false, "https://user@example.com": false, "http://localhost:port": false, "https://": false,
	} {
		if err := (browser.Config{Origins: []string{origin}}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

func TestOrigins_WithCredentials(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://shop.example.com": true, "http://localhost:*": true, "http://[::1]:*": true, "http://127.0.0.1:3000": true,
		"https://*.example.com": true, "https://*.preview.example.co.uk": true, "https://pr-*.example.com:8443": true,
		"https://*-pr.example.com": true,
		"*":                        false, "https://*": false, "http://*": false, "https://*:*": false, "https://*:8443": false,
		"https://shop.example.com*": false, "https://shop.*": false, "https://shop.example.*": false, "http://localhost*": false,
		"https://*.com": false, "https://*.co.uk": false, "https://*.CO.UK": false, "https://*.github.io": false,
		"https://*.com:8443":   false,
		"https://*example.com": false, "https://*example.co.uk": false, "https://a.*example.com": false,
	} {
		err := (browser.Config{Origins: []string{"https://first.example.com", origin}, Credentials: true}).Validate()
		if (err == nil) != ok {
			t.Errorf("%s: %v", origin, err)
		}
		if err != nil && !strings.Contains(err.Error(), strconv.Quote(origin)) && !strings.HasPrefix(err.Error(), "cors-origins") {
			t.Errorf("%s: the error does not name it: %v", origin, err)
		}
	}
}

func TestSecurityHeaders_Default(t *testing.T) {
	for policy, want := range map[string]string{"": "default-src 'none'; ", "img-src 'self'": "img-src 'self'"} {
		h := browser.SecurityHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if policy != "" {
				w.Header().Set("Content-Security-Policy", policy)
			}
		}))
		got := ask(h, http.MethodGet, "").Header
		if !strings.HasPrefix(got.Get("Content-Security-Policy"), want) || got.Get("Referrer-Policy") != "same-origin" ||
			got.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%v", got)
		}
	}
}
