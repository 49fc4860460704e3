package upstream_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/upstream"
	"tributary/internal/testkit"
)

const megabyte = 1 << 20

// A response of the largest size that the settings of its service permit has room, whatever
// the call and however its length is told, and gives it back.
func TestBodies_RoomForTheLargest(t *testing.T) {
	for _, announced := range []bool{true, false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			size, _ := strconv.Atoi(r.URL.Path[1:])
			if announced {
				w.Header().Set("Content-Length", strconv.Itoa(size))
			}
			_, _ = w.Write([]byte(strings.Repeat(" ", size)))
		}))
		t.Cleanup(server.Close)
		cfg := upstream.Config{
			Timeout: 5 * time.Second, BodiesMB: 1, MaxBody: 2 * megabyte,
			Overrides: upstream.Overrides{"things.max-body": strconv.Itoa(3 * megabyte)},
		}
		reg := prometheus.NewRegistry()
		cfg.Bodies = upstream.NewBodies(cfg, reg)
		for service, largest := range map[string]int{"things": 3 * megabyte, "others": 2 * megabyte} {
			c, err := upstream.NewClient(service, server.URL, cfg, upstream.NewMetrics(prometheus.NewRegistry()))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			path := "/" + strconv.Itoa(largest)
			if body, err := c.Do(t.Context(), upstream.Request{Method: http.MethodGet, Path: path, Route: path}); err != nil || len(body) != largest {
				t.Errorf("%s, announced %v: %d bytes, %v", service, announced, len(body), err)
			}
			held := 0.0
			err = c.Send(t.Context(), upstream.Write{Request: upstream.Request{Method: http.MethodPut, Path: path, Route: path}}, func([]byte) error {
				held = gauge(t, reg, "upstream_bodies_bytes")
				return nil
			})
			if err != nil || held < float64(largest-megabyte/16) {
				t.Errorf("%s, announced %v: a write holds %v bytes while it is read: %v", service, announced, held, err)
			}
			if left := gauge(t, reg, "upstream_bodies_bytes"); left != 0 {
				t.Errorf("%s, announced %v: %v bytes are left", service, announced, left)
			}
		}
	}
}

// While a response is being decoded, another one waits, and fails as overload when its time
// is over.
func TestBodies_WaitForRoom(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat(" ", megabyte)))
	}))
	t.Cleanup(server.Close)
	cfg, reg := upstream.Config{Timeout: 5 * time.Second, BodiesMB: 1, MaxBody: megabyte}, prometheus.NewRegistry()
	cfg.Bodies = upstream.NewBodies(cfg, reg)
	c, err := upstream.NewClient("things", server.URL, cfg, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	decoding, release := c.WithLease(t.Context())
	if _, err := c.Get(decoding, "/first"); err != nil {
		t.Fatal(err)
	}
	hurried, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := c.Get(hurried, "/second"); fault.From(err).Kind != fault.Overloaded {
		t.Errorf("without room: %v", err)
	}
	if n := gauge(t, reg, "upstream_bodies_shed_total"); n != 1 {
		t.Errorf("%v were counted", n)
	}
	release()
	if _, err := c.Get(t.Context(), "/third"); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// gauge returns the value of a metric without labels.
func gauge(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	n, found := testkit.Metric(t, reg, name)
	if !found {
		t.Fatalf("no %s", name)
	}
	return n
}
