package faultinject

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var errLost = errors.New("connection closed by a fault rule")

// Transport applies rules to requests before they are sent. The route of a request is its
// method and its Pattern. Those of health, which may be "", fail only if a rule names it.
func (r *Rules) Transport(health string, next http.RoundTripper) http.RoundTripper {
	return &transport{rules: r, health: http.MethodGet + " " + health, next: next}
}

type transport struct {
	rules  *Rules
	health string
	next   http.RoundTripper

	mu   sync.Mutex
	lost []string // the idempotency keys whose responses were dropped, oldest first
}

// maxLost is how many keys a transport remembers.
const maxLost = 1000

// loses reports whether the answer to r is to be lost. A request with an idempotency key is
// answered when it comes again, as by a service that checks the key before a rule applies.
func (t *transport) loses(r *http.Request) bool {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.lost, key) {
		return false
	}
	t.lost = append(t.lost[max(0, len(t.lost)-maxLost+1):], key)
	return true
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	route := r.Method + " " + r.Pattern
	if route == t.health && !t.rules.name(route) {
		return t.next.RoundTrip(r)
	}
	latency, o, status := t.rules.Decide(route)
	if err := wait(r, latency); err != nil {
		return nil, err
	}
	switch o {
	case Failed:
		return answer(r, status, "application/problem+json",
			`{"title":"`+http.StatusText(status)+`","status":`+strconv.Itoa(status)+`,"detail":"failure injected by a fault rule"}`), nil
	case Hung:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case Garbled:
		return answer(r, http.StatusOK, "application/json", `{"garbage": [}`), nil
	}
	resp, err := t.next.RoundTrip(r)
	if o == Lost && err == nil && t.loses(r) {
		_ = resp.Body.Close()
		return nil, errLost
	}
	return resp, err
}

// name reports whether a rule is of this route alone.
func (r *Rules) name(route string) bool {
	for _, of := range r.List() {
		if of.Route == route {
			return true
		}
	}
	return false
}

// wait waits, at most until the request ends.
func wait(r *http.Request, latency time.Duration) error {
	if latency == 0 {
		return nil
	}
	enough := time.NewTimer(latency)
	defer enough.Stop()
	select {
	case <-enough.C:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

func answer(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
