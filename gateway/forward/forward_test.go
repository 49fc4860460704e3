package forward_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/forward"
	"tributary/gateway/upstream"
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

func TestForward_TraceContextThatIsInvalid(t *testing.T) {
	const parent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1,b=2"
	for name, tt := range map[string]struct {
		parents, states []string
		parent, state   string
	}{
		"both":                  {[]string{parent}, []string{state}, parent, state},
		"a state in two fields": {[]string{parent}, []string{"a=1", "b=2"}, parent, state},
		"no state":              {[]string{parent}, nil, parent, ""},
		"an invalid state":      {[]string{parent}, []string{"a=1,=,"}, parent, ""},
		"no parent":             {nil, []string{state}, "", ""},
		"two parents":           {[]string{parent, parent}, []string{state}, "", ""},
		"an empty parent":       {[]string{""}, []string{state}, "", ""},
		"capitals":              {[]string{strings.ToUpper(parent)}, []string{state}, "", ""},
		"a short id":            {[]string{"00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01"}, []string{state}, "", ""},
		"a zero trace":          {[]string{"00-00000000000000000000000000000000-b7ad6b7169203331-01"}, []string{state}, "", ""},
		"a zero span":           {[]string{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"}, []string{state}, "", ""},
		"version ff":            {[]string{"ff" + parent[2:]}, []string{state}, "", ""},
		"more than version 00":  {[]string{parent + "-x"}, []string{state}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header["Traceparent"], r.Header["Tracestate"] = tt.parents, tt.states
			seen := make(chan http.Header, 1)
			service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
			defer service.Close()
			cfg := forward.Config{Headers: []string{"traceparent", "X-Request-Id"}}
			handler := forward.Handler(cfg, func(context.Context) string { return "r" })
			handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				client, err := upstream.NewClient("things", service.URL, upstream.Config{Timeout: time.Minute, MaxBody: 1000}, upstream.NewMetrics(prometheus.NewRegistry()))
				if err != nil {
					t.Error(err)
				}
				_, _ = client.Get(r.Context(), "/things")
			})).ServeHTTP(httptest.NewRecorder(), r)
			got := <-seen
			if got.Get("Traceparent") != tt.parent || got.Get("Tracestate") != tt.state {
				t.Errorf("the service got %q and %q, want %q and %q", got.Get("Traceparent"), got.Get("Tracestate"), tt.parent, tt.state)
			}
		})
	}
}
