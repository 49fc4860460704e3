package playground_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"tributary/gateway/playground"
)

func TestPagesNeedNothingFromElsewhere(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{"index": playground.Index, "playground": playground.Handler} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Fatal(w.Code, w.Header())
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
				t.Errorf("policy %s", policy)
			}
			if found := regexp.MustCompile(`(?:src|href)="(?:https?:)?//[^"]*"`).FindString(w.Body.String()); found != "" {
				t.Errorf("loads %s", found)
			}
		})
	}
}
