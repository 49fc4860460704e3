package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mirror is a user service that returns the headers of its requests in the name of the user.
type mirror struct {
	*httptest.Server

	mu    sync.Mutex
	asked []string
}

func newMirror(t *testing.T, headers ...string) *mirror {
	t.Helper()
	m := &mirror{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var saw []string
		for _, name := range headers {
			saw = append(saw, r.Header.Get(name))
		}
		name := strings.Join(saw, "|")
		m.mu.Lock()
		m.asked = append(m.asked, name)
		m.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"username":"u","email":"u@example.com","full_name":%q,"is_active":true,"created_at":"2026-01-01T00:00:00Z"}`,
			strings.TrimPrefix(r.URL.Path, "/users/"), name)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// nameOf queries the name of u1, with headers in pairs.
func (s *system) nameOf(header ...string) string {
	s.t.Helper()
	resp := s.send(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"u1\") { fullName } }"}`,
		append([]string{"Content-Type", "application/json"}, header...)...)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(string(body)), `{"data":{"user":{"fullName":"`)
	if !ok {
		s.t.Fatalf("%s", body)
	}
	return strings.TrimSuffix(name, `"}}}`)
}

func TestForward_Languages(t *testing.T) {
	t.Parallel()
	users := newMirror(t, "Accept-Language", "Authorization")
	s := dev(t, "--users-url="+users.URL)
	for range 2 {
		for _, language := range []string{"ru", "en-US,en;q=0.9", "*", "EN-us, en;q=0.9"} {
			want := strings.Trim(language, "*")
			if language == "EN-us, en;q=0.9" {
				want = "en-US,en;q=0.9" // which says the same
			}
			if got := s.nameOf("Accept-Language", language, "Authorization", "Bearer secret"); got != want+"|" {
				t.Errorf("%s: %q", language, got)
			}
		}
		if got := s.nameOf(); got != "|" {
			t.Errorf("no language: %q", got)
		}
	}
	if calls := users.calls(); len(calls) != 3 {
		t.Errorf("asked %q, want once a language", calls)
	}
	if vary := strings.Join(s.send(http.MethodGet, s.gateway+"/api/profile/u1", "").Header["Vary"], ", "); !strings.Contains(vary, "Accept-Language") {
		t.Errorf("Vary: %s", vary)
	}
}

func TestForward_Authorization(t *testing.T) {
	t.Parallel()
	users := newMirror(t, "Authorization")
	s := dev(t, "--users-url="+users.URL, "--forward-headers=Authorization@users")
	for range 2 {
		for _, viewer := range []string{"Bearer one", "Bearer two", "bearer one", ""} {
			if got := s.nameOf("Authorization", viewer); got != viewer {
				t.Errorf("%q got what %q may see", viewer, got)
			}
		}
	}
	if calls := users.calls(); len(calls) != 4 {
		t.Errorf("asked %q, want once a viewer", calls)
	}
	if logged := s.logged(); strings.Contains(logged, "Bearer") {
		t.Errorf("the log has it: %s", logged)
	}
}

func TestForward_RequestID(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	users := newMirror(t, "Traceparent", "Tracestate", "X-Request-Id", "X-Tenant", "Cookie")
	s := dev(t, "--users-url="+users.URL)
	got := s.nameOf("Traceparent", parent, "Tracestate", "a=b", "X-Request-Id", "r-1", "X-Tenant", "t", "Cookie", "c=d")
	if !strings.Contains(got, "0af7651916cd43dd8448eb211c80319c") || !strings.HasSuffix(got, "|a=b|r-1||") {
		t.Errorf("saw %q", got)
	}
	if again := s.nameOf("X-Request-Id", "r-2"); again != got {
		t.Errorf("another request was given %q", again)
	}
}
