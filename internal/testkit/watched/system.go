// Package watched runs, for tests, what is watched and what watches it, each as
// a process of its own on a free port of 127.0.0.1: the gateway, its services, a
// real Redis, the exporters, and a real Prometheus that is set up as in the stack
// and scrapes every second.
package watched

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit"
)

// Stack is all of it, running. It ends with the test.
type Stack struct {
	Gateway    string            // URL
	Services   map[string]string // URLs by name
	Prometheus string            // URL
	Redis      *redistest.Server
	Started    time.Time
	Token      string // the bearer token of requests; empty: they have none

	t      testing.TB
	client *http.Client

	mu   sync.Mutex
	seen string // the latest Tributary-Seen, which later requests bring
}

// programs are those that are needed besides Go and Redis, by the names that
// Debian and their own releases give them.
func programs() map[string][]string {
	return map[string][]string{
		"prometheus":     {"prometheus"},
		"node_exporter":  {"prometheus-node-exporter", "node_exporter"},
		"redis_exporter": {"prometheus-redis-exporter", "redis_exporter"},
	}
}

// find skips the test, loudly, where a program is missing.
func find(t testing.TB, program string) string {
	t.Helper()
	for _, name := range programs()[program] {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("NOT TESTED: there is no %s here; Debian has it in a package of that name", strings.Join(programs()[program], " or "))
	return ""
}

// Start builds the project at root and starts everything. The gateway takes
// further settings from env, each as in BFF_NAME=value.
func Start(t testing.TB, root string, env ...string) *Stack {
	t.Helper()
	prometheus, node, redis := find(t, "prometheus"), find(t, "node_exporter"), find(t, "redis_exporter")
	s := &Stack{
		t: t, Services: map[string]string{}, Redis: redistest.Start(t, "--maxmemory", "64mb"),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	binary := filepath.Join(t.TempDir(), "tributary")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", root, "-o", binary, ".") //nolint:gosec // G204: the test says where the project is
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	at := map[string]string{} // addresses, by those that the stack has
	gatewayEnv := append([]string{"BFF_REDIS_URL=" + s.Redis.URL()}, env...)
	for name, port := range map[string]string{"users": "8001", "orders": "8002", "products": "8003"} {
		addr := testkit.KeepAddr(t)
		s.run(binary, []string{strings.ToUpper(name) + "_ADDR=" + addr, "BFF_FAULTS=true", "BFF_LOG_LEVEL=error"}, name)
		at[name+":"+port], s.Services[name] = addr, "http://"+addr
		gatewayEnv = append(gatewayEnv, "BFF_"+strings.ToUpper(name)+"_URL=http://"+addr)
	}
	addr := testkit.KeepAddr(t)
	at["gateway:8000"], s.Gateway = addr, "http://"+addr
	s.run(binary, append(gatewayEnv, "BFF_ADDR="+addr, "BFF_LOG_LEVEL=error", "BFF_DRAIN_DELAY=0s"), "gateway")
	s.await(s.Gateway + "/health")

	at["redis-exporter:9121"], at["node-exporter:9100"] = testkit.KeepAddr(t), testkit.KeepAddr(t)
	s.run(redis, nil, "-redis.addr", s.Redis.URL(), "-web.listen-address", at["redis-exporter:9121"])
	s.run(node, nil, "--web.listen-address="+at["node-exporter:9100"])
	addr = testkit.KeepAddr(t)
	at["localhost:9090"], s.Prometheus = addr, "http://"+addr
	s.run(prometheus, nil, "--config.file="+configure(t, root, at), "--storage.tsdb.path="+t.TempDir(),
		"--web.listen-address="+addr, "--enable-feature=exemplar-storage", "--log.level=warn")
	s.await(s.Prometheus + "/-/ready")
	s.Started = time.Now()
	return s
}

// await waits until a URL answers 200; machines that run tests are busy.
func (s *Stack) await(url string) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		status, err := s.send(http.MethodGet, url, "")
		if status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %d, %v", url, status, err)
		}
	}
}
