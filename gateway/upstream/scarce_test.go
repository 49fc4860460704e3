//go:build unix

package upstream_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// withoutDescriptors calls f while this process can open no files or sockets.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}()
	f()
}

// However a service is reached, a lack of file descriptors here does not open its circuit,
// and calls succeed when it is over.
func TestCircuit_WithoutDescriptors(t *testing.T) {
	for name, reach := range map[string]func(address string) upstream.ServiceConfig{
		"by its address": func(a string) upstream.ServiceConfig { return upstream.ServiceConfig{URL: a} },
		"by its name": func(a string) upstream.ServiceConfig {
			return upstream.ServiceConfig{URL: strings.Replace(a, "127.0.0.1", "localhost", 1)}
		},
		"by a name that is not known": func(string) upstream.ServiceConfig { return upstream.ServiceConfig{URL: "http://things.invalid"} },
		"through a proxy": func(a string) upstream.ServiceConfig {
			return upstream.ServiceConfig{URL: "http://things.example.com", Proxy: a}
		},
		"with a health check": func(a string) upstream.ServiceConfig { return upstream.ServiceConfig{URL: a, Health: "/up"} },
		"by an address of TLS": func(a string) upstream.ServiceConfig {
			return upstream.ServiceConfig{URL: strings.Replace(a, "http", "https", 1)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			up, reg := faultyupstream.New(t, faultyupstream.Always(well)), prometheus.NewRegistry()
			inner, err := reach(up.URL()).NewClient("things", guarded(0), upstream.NewMetrics(reg))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(inner.Close)
			c := &client{inner, t, up, reg}
			withoutDescriptors(t, func() {
				for range 30 {
					if got := c.get(t.Context()); got != "unavailable" {
						t.Errorf("a call is %s", got)
					}
				}
				err := c.Ping(t.Context())
				if hasHealth := strings.HasSuffix(name, "check"); errors.Is(err, upstream.ErrUnknown) != hasHealth {
					t.Errorf("its health is %v", err)
				}
			})
			if c.circuit() != closed {
				t.Error("the circuit is open")
			}
			if strings.HasSuffix(name, "known") || strings.HasSuffix(name, "TLS") {
				return // there is no such service
			}
			if got := c.get(t.Context()); got != "ok" {
				t.Errorf("afterwards a call is %s", got)
			}
		})
	}
}
