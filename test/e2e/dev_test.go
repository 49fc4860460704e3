package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"tributary/internal/testkit"
)

func TestDev_SeededData(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for url, parts := range map[string][]string{
		s.gateway + "/api/profile/user123":                       {`"username":"ivan_ivanov"`, `"order456"`, `"name":"Ноутбук"`, `"products_count":3`},
		s.gateway + "/api/profile/u1000":                         {`"orders_count":5`},
		s.gateway + "/health":                                    {`"status":"healthy","service":"api-gateway"`, `"type":"memory"`},
		s.gateway + "/livez":                                     {"alive"},
		s.gateway + "/readyz":                                    {"ready"},
		s.gateway + "/":                                          {"/playground"},
		s.gateway + "/playground":                                {"<html"},
		s.gateway + "/graphql?query={__schema{queryType{name}}}": {`"Query"`},
		s.users + "/users/user456":                               {"anna_smirnova"},
		s.orders + "/orders/user/user456":                        {"order789"},
		s.products + "/openapi.json":                             {`"openapi":"3.1.0"`},
	} {
		status, body := s.call(http.MethodGet, url, "")
		for _, part := range parts {
			if status != http.StatusOK || !strings.Contains(body, part) {
				t.Errorf("%s: %d, no %s in %.400s", url, status, part, body)
			}
		}
	}
	_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
	for _, name := range []string{
		`http_requests_total{endpoint="/api/profile/{id}",method="GET",status="200"} 2`,
		`http_request_duration_seconds_bucket{endpoint="/api/profile/{id}"`, "http_active_requests 1",
		`cache_hits_total{cache_type="memory"}`, `cache_misses_total{cache_type="memory"}`,
		"aggregation_duration_seconds_count 2", "tributary_build_info",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s in the metrics", name)
		}
	}
}

func TestDev_LogLines(t *testing.T) {
	t.Parallel()
	s := dev(t)
	if status, _ := s.call(http.MethodGet, s.gateway+"/api/profile/user123", ""); status != http.StatusOK {
		t.Fatal(status)
	}
	services := map[string]int{}
	var id any
	waitFor(t, func() bool { return strings.Contains(s.logged(), `"route":"/api/profile/{id}"`) }) // its line is the last
	lines := strings.Split(strings.TrimSpace(s.logged()), "\n")
	for i := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1-i]), &line); err != nil {
			t.Fatalf("%v: %s", err, lines[len(lines)-1-i])
		}
		if line["msg"] != "request" {
			continue
		}
		for _, field := range []string{"time", "level", "request_id", "method", "route", "status", "duration_ms"} {
			if line[field] == nil {
				t.Errorf("no %s in %v", field, line)
			}
		}
		if id == nil {
			id = line["request_id"]
		}
		if line["request_id"] == id {
			name, _ := line["service"].(string)
			services[name]++
		}
	}
	for _, name := range []string{"", "user-service", "order-service", "product-service"} {
		if services[name] != 1 {
			t.Errorf("%d lines of %q for the request, want 1", services[name], name)
		}
	}
}

func TestDev_Drain(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults", "--drain-delay=1s", "--upstream-timeout=10s", "--request-timeout=20s")
	if status, body := s.call(http.MethodPut, s.users+"/_faults", `[{"route":"*","latency":"1500ms"}]`); status != http.StatusOK {
		t.Fatal(status, body)
	}
	type answer struct {
		status int
		body   string
	}
	slow := make(chan answer)
	go func() {
		status, body := s.call(http.MethodGet, s.gateway+"/api/profile/u5", "")
		slow <- answer{status, body}
	}()
	waitFor(t, func() bool {
		_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
		return strings.Contains(metrics, "http_active_requests 2")
	})
	s.Stop()
	waitFor(t, func() bool {
		status, _ := s.call(http.MethodGet, s.gateway+"/readyz", "")
		return status == http.StatusServiceUnavailable
	})
	if a := <-slow; a.status != http.StatusOK || !strings.Contains(a.body, `"degraded":[]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := <-s.Done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestHealthcheck_Status(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for url, code := range map[string]int{
		s.gateway + "/livez":   0,
		s.users + "/health":    0,
		s.gateway + "/nowhere": 1,
		"http://127.0.0.1:1/":  1,
		"localhost:8000":       2,
		"http://a b/":          2,
	} {
		if o := tributary(t, nil, "healthcheck", url); o.code() != code {
			t.Errorf("%s: exit code %d (%v), want %d", url, o.code(), o.err, code)
		}
	}
}

func TestServices_RunAlone(t *testing.T) {
	t.Parallel()
	for command, path := range map[string]string{"users": "/users/user123", "orders": "/orders/user/user123", "products": "/products/prod1"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			addr := testkit.KeepAddr(t)
			p := builder.Start(t, nil, io.Discard, command, "--"+command+"-addr", addr)
			waitFor(t, func() bool {
				resp, err := http.Get("http://" + addr + path)
				if err != nil {
					return false
				}
				_ = resp.Body.Close()
				return resp.StatusCode == http.StatusOK
			})
			p.Stop()
			if err := <-p.Done; err != nil {
				t.Error(err)
			}
		})
	}
}
