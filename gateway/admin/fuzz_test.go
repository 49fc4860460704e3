package admin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/gateway/admin"
	"tributary/gateway/telemetry"
)

// A purge does what it can be meant to say, or is refused; the token is one
// word that nothing else is taken for.
func FuzzPurge(f *testing.F) {
	for _, s := range []string{`{"tags":["poet:1","item"]}`, `{"tags":["*"]}`, `{"tags":[]}`, `{"tags":["poet:"]}`, `[]`,
		`{"tags":["poet:\u0000*"]}{}`, ``} {
		f.Add(s, "Bearer secret")
	}
	f.Add(`{"tags":["*"]}`, "Basic secret")
	g := newGateway(f, admin.Config{Token: "secret"}, "")
	f.Fuzz(func(t *testing.T, body, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "/admin/purge", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		g.operators.ServeHTTP(w, r)
		allowed := strings.HasSuffix(authorization, " secret") && strings.EqualFold(strings.TrimSuffix(authorization, " secret"), "Bearer")
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest:
			if !allowed {
				t.Errorf("%q is let in", authorization)
			}
		case http.StatusUnauthorized:
			if allowed {
				t.Errorf("%q is not", authorization)
			}
		default:
			t.Errorf("%d for %q", w.Code, body)
		}
	})
}

// A level is one of four words, and what is no such wish changes nothing.
func FuzzLogLevel(f *testing.F) {
	for _, s := range []string{`{"level":"debug"}`, `{"level":"warn"}`, `{"level":"WARN+1"}`, `{"level":1}`,
		`{"level":"error"}{}`, `null`, ``} {
		f.Add(s)
	}
	level := admin.LogLevel(telemetry.NewLogger(io.Discard, telemetry.LogConfig{Level: "info"}))
	ask := func(method, body string) (int, string) {
		r := httptest.NewRequest(method, "/admin/log-level", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		level.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	f.Fuzz(func(t *testing.T, body string) {
		_, before := ask(http.MethodGet, "")
		status, said := ask(http.MethodPut, body)
		_, after := ask(http.MethodGet, "")
		switch {
		case status == http.StatusOK && said == after:
		case status >= 400 && status < 500 && before == after:
		default:
			t.Errorf("%q: %d %s, and it is %s after %s", body, status, said, after, before)
		}
	})
}
