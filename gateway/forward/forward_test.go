package forward_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"tributary/gateway/forward"
)

func TestWhatCannotBeForwardedIsRefused(t *testing.T) {
	for name, ok := range map[string]bool{
		"Authorization": true, "accept-language": true, "X-Tenant": true, "Cookie": true,
		"": false, "X Tenant": false, "X-Tenant:": false, "Host": false, "content-length": false, "Accept-Encoding": false, "TE": false,
	} {
		if err := (forward.Config{Headers: []string{name}}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// variant is that of a request with headers in pairs.
func variant(names []string, header ...string) (v, vary string) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	forward.Handler(forward.Config{Headers: names}, func(context.Context) string { return "r" })(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { v = forward.Variant(r.Context()) })).ServeHTTP(w, r)
	return v, w.Header().Get("Vary")
}

func TestRequestsThatMayBeAnsweredInDifferentWaysAreToldApart(t *testing.T) {
	names := []string{"traceparent", "x-request-id", "accept-language", "Authorization", "X-Tenant"}
	same := [][2][]string{
		{{}, {"X-Request-Id", "1", "Traceparent", "2", "Accept", "text/html"}},
		{{}, {"Accept-Language", "*"}},
		{{"Accept-Language", "en-US,en;q=0.5"}, {"Accept-Language", "en-us, en; q=0.5"}},
	}
	for _, pair := range same {
		one, _ := variant(names, pair[0]...)
		two, _ := variant(names, pair[1]...)
		if one != two {
			t.Errorf("%q and %q are told apart", pair[0], pair[1])
		}
	}
	seen := map[string][]string{}
	for _, header := range [][]string{
		{}, {"Accept-Language", "en"}, {"Authorization", "en"}, {"X-Tenant", "en"}, {"Authorization", "EN"},
		{"Accept-Language", "en", "Authorization", "en"}, {"Accept-Language", "en", "Accept-Language", "de"}, {"Accept-Language", "de, en"},
	} {
		v, vary := variant(names, header...)
		if other, ok := seen[v]; ok {
			t.Errorf("%q and %q are the same", header, other)
		}
		seen[v] = header
		if vary != "Accept-Language, Authorization, X-Tenant" {
			t.Errorf("Vary: %s", vary)
		}
	}
	if v, vary := variant([]string{"X-Request-Id"}, "Accept-Language", "en"); v != "" || vary != "" {
		t.Errorf("%q and %q of nothing", v, vary)
	}
}
