package httpserver_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
)

// Only who names the tag, or any, is told that nothing has changed.
func FuzzIfNoneMatch(f *testing.F) {
	for _, s := range []string{"", "*", `W/"abc"`, `"abc"`, `"x", W/"abc"`, `W/W/"abc"`, `"ab`, `abc`, ",,,", `"x,"abc"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, candidates string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("If-None-Match", candidates)
		same := httpserver.Unmodified(r, `W/"abc"`)
		if same && !strings.Contains(candidates, `"abc"`) && !strings.Contains(candidates, "*") {
			t.Errorf("%q is taken for the tag", candidates)
		}
		if !same && strings.TrimSpace(candidates) == `"abc"` {
			t.Errorf("%q is not", candidates)
		}
	})
}

// Whatever id a client gives its request, what is logged and sent on is short
// and plain.
func FuzzRequestID(f *testing.F) {
	for _, s := range []string{"", "a-1", "4bf92f35-77b3", strings.Repeat("x", 129), "a\nb", "a b", "ä", "<script>"} {
		f.Add(s)
	}
	h := httpserver.NewRouter(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	h.Get("/", func(http.ResponseWriter, *http.Request) {})
	f.Fuzz(func(t *testing.T, id string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("X-Request-Id", id)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header().Get("X-Request-Id")
		odd := strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"'<>\{}`, c) })
		if got == "" || len(got) > 128 || odd {
			t.Errorf("%q becomes %q", id, got)
		}
	})
}
