package faultinject_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/faultinject"
)

// A service answers all requests, and counts them.
type service struct{ asked int }

func (s *service) RoundTrip(*http.Request) (*http.Response, error) {
	s.asked++
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func send(rules *faultinject.Rules, s *service, call string) (status int, body string, err error) {
	method, pattern, _ := strings.Cut(call, " ")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, method, "http://books.example.com/api", http.NoBody)
	r.Pattern = pattern
	resp, err := rules.Transport("/healthz", s).RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func TestTransport_Outcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		rule   faultinject.Rule
		call   string
		status int    // 0: an error
		body   string // or the error
		asked  int
		takes  time.Duration
	}{
		"no rule that applies": {faultinject.Rule{Route: "GET /poems/{id}", ErrorRate: 1, Status: 503},
			"GET /books/{id}", 200, "{}", 1, 0},
		"another method": {faultinject.Rule{Route: "POST /books/{id}", ErrorRate: 1, Status: 503},
			"GET /books/{id}", 200, "{}", 1, 0},
		"a failure": {faultinject.Rule{Route: "*", ErrorRate: 1, Status: 429}, "GET /books/{id}", 429, "fault rule", 0, 0},
		"a route by other names": {faultinject.Rule{Route: "GET /books/{book_id}", ErrorRate: 1, Status: 500},
			"GET /books/{id}", 500, "fault rule", 0, 0},
		"the health check": {faultinject.Rule{Route: "*", ErrorRate: 1, Status: 503}, "GET /healthz", 200, "{}", 1, 0},
		"the health check by name": {faultinject.Rule{Route: "GET /healthz", ErrorRate: 1, Status: 503}, "GET /healthz", 503,
			"fault rule", 0, 0},
		"garbage":                {faultinject.Rule{Route: "*", Garbage: true}, "GET /books/{id}", 200, `{"garbage": [}`, 0, 0},
		"an answer that is lost": {faultinject.Rule{Route: "*", Lost: true}, "POST /books", 0, "connection closed by a fault rule", 1, 0},
		"a delay":                {faultinject.Rule{Route: "*", Latency: "3s"}, "GET /books/{id}", 200, "{}", 1, 3 * time.Second},
		"a delay beyond the end": {faultinject.Rule{Route: "*", Latency: "3m"}, "GET /books/{id}", 0, "deadline", 0, time.Minute},
		"no answer":              {faultinject.Rule{Route: "*", Hang: true}, "GET /books/{id}", 0, "deadline", 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rules, s := &faultinject.Rules{}, &service{}
				if mistakes := rules.Set([]faultinject.Rule{tt.rule}, nil); mistakes != nil {
					t.Fatal(mistakes)
				}
				start := time.Now()
				status, body, err := send(rules, s, tt.call)
				if tt.status == 0 && err != nil {
					body = err.Error()
				}
				if status != tt.status || !strings.Contains(body, tt.body) || s.asked != tt.asked || time.Since(start) != tt.takes {
					t.Errorf("%d %s, %v after %s, asked %d times; want %d %s after %s, asked %d times", status, body, err,
						time.Since(start), s.asked, tt.status, tt.body, tt.takes, tt.asked)
				}
			})
		})
	}
}

func TestTransport_Share(t *testing.T) {
	rules, s := &faultinject.Rules{}, &service{}
	rules.Set([]faultinject.Rule{{Route: "*", ErrorRate: 0.3, Status: 503}}, nil)
	for range 10 {
		if _, _, err := send(rules, s, "GET /books"); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if s.asked != 7 {
		t.Errorf("%d of 10 requests arrived, want 7", s.asked)
	}
	rules.Set(nil, nil)
	if _, _, err := send(rules, s, "GET /books"); err != nil || s.asked != 8 {
		t.Errorf("after the rules are gone: %v", err)
	}
}

func TestTransport_LosesOncePerKey(t *testing.T) {
	rules, s := &faultinject.Rules{}, &service{}
	rules.Set([]faultinject.Rule{{Route: "*", Lost: true}}, nil)
	rt := rules.Transport("", s)
	for i, want := range []struct {
		key  string
		lost bool
	}{{"", true}, {"", true}, {"a", true}, {"a", false}, {"b", true}, {"a", false}} {
		r := httptest.NewRequest(http.MethodPost, "http://books.example.com/books", http.NoBody)
		if want.key != "" {
			r.Header.Set("Idempotency-Key", want.key)
		}
		resp, err := rt.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		if lost := err != nil; lost != want.lost || s.asked != i+1 {
			t.Errorf("request %d, key %q: %v, asked %d times", i, want.key, err, s.asked)
		}
	}
}
