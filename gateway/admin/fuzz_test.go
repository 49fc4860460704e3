package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/gateway/admin"
)

// A purge does what it can be meant to say, or is refused; the token is one
// word that nothing else is taken for.
func FuzzPurge(f *testing.F) {
	for _, s := range []string{`{"tags":["user:1","item"]}`, `{"tags":["*"]}`, `{"tags":[]}`, `{"tags":["user:"]}`, `[]`, `{"tags":["user:\u0000*"]}{}`, ``} {
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
