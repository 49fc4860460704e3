// Package clienttest is for the tests of clients of services: it is the service.
package clienttest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/upstream"
)

// NewClient returns a client of the named service, which h implements, without retries.
func NewClient(t testing.TB, service string, h http.HandlerFunc) *upstream.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	up, err := upstream.NewClient(service, s.URL, upstream.Config{Timeout: 10 * time.Second}, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// Answer returns a handler that sends the same response to every request.
func Answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// AssertKind wants err to be of a kind and of a service, or, for [fault.Internal], to be none.
func AssertKind(t testing.TB, err error, service string, kind fault.Kind) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case kind == fault.Internal && err != nil:
		t.Errorf("failed: %v", err)
	case kind != fault.Internal && (!ok || f.Kind != kind || f.Service != service):
		t.Errorf("error %v, want one of kind %s", err, kind)
	}
}
