package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// outcome is what a command left behind.
type outcome struct {
	stdout string
	err    error
}

func (o outcome) code() int { return exitCode(o.err) }

// tributary runs a command to its end.
func tributary(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := run(ctx, args, func(name string) string { return env[name] }, &stdout, &stderr)
	if ctx.Err() != nil {
		t.Fatalf("%v went on running", args)
	}
	return outcome{stdout.String(), err}
}

func TestWhatCannotBeUsedStopsTheStartWithOneLineThatNamesIt(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	type env = map[string]string
	for name, tt := range map[string]struct {
		args []string
		env  env
		want []string // parts of the complaint
	}{
		"a command that is none":         {args: []string{"gatway"}, want: []string{"gatway"}},
		"no command":                     {args: nil, want: []string{"dev", "gateway"}},
		"a flag that is none":            {args: []string{"gateway", "--cache-tll=1s"}, want: []string{"--cache-tll"}},
		"a duration by flag":             {args: []string{"gateway", "--cache-ttl=soon"}, want: []string{"cache-ttl", "soon"}},
		"a duration by environment":      {args: []string{"gateway"}, env: env{"BFF_CACHE_TTL": "soon"}, want: []string{"BFF_CACHE_TTL", "soon"}},
		"a duration by file":             {args: []string{"gateway", "--config", file("# first\ncache_ttl: soon\n")}, want: []string{"cache-ttl", "settings.yaml:2"}},
		"a negative duration":            {args: []string{"gateway"}, env: env{"BFF_CACHE_STALE_IF_ERROR": "-1s"}, want: []string{"BFF_CACHE_STALE_IF_ERROR"}},
		"no time at all for requests":    {args: []string{"gateway"}, env: env{"BFF_REQUEST_TIMEOUT": "0s"}, want: []string{"BFF_REQUEST_TIMEOUT"}},
		"a truth value":                  {args: []string{"gateway"}, env: env{"BFF_INTROSPECTION": "perhaps"}, want: []string{"BFF_INTROSPECTION", "perhaps"}},
		"a log level":                    {args: []string{"users"}, env: env{"BFF_LOG_LEVEL": "loud"}, want: []string{"BFF_LOG_LEVEL", "loud"}},
		"an address":                     {args: []string{"gateway"}, env: env{"BFF_ADDR": ":99999"}, want: []string{"BFF_ADDR"}},
		"the address of a service":       {args: []string{"orders"}, env: env{"ORDERS_ADDR": "8002"}, want: []string{"ORDERS_ADDR"}},
		"the URL of a service":           {args: []string{"gateway"}, env: env{"BFF_PRODUCTS_URL": "products:8003"}, want: []string{"BFF_PRODUCTS_URL"}},
		"a setting of no service":        {args: []string{"gateway"}, env: env{"BFF_UPSTREAM_OVERRIDES": "order.timeout=3s"}, want: []string{"BFF_UPSTREAM_OVERRIDES", `"order"`}},
		"a service's setting":            {args: []string{"gateway", "--upstream-overrides=orders.retries=-1"}, want: []string{"upstream-overrides", "orders", "retries"}},
		"a Redis URL":                    {args: []string{"gateway"}, env: env{"BFF_REDIS_URL": "http://:hunter2@redis"}, want: []string{"BFF_REDIS_URL"}},
		"a key of the file that is none": {args: []string{"users", "--config", file("cache_ttl: 1s\ncash_ttl: 1s\n")}, want: []string{"settings.yaml:2", "cash_ttl"}},
		"a key that is there twice":      {args: []string{"users", "--config", file("faults: true\nfaults: false\n")}, want: []string{"settings.yaml:2", "faults"}},
		"a key without a plain value":    {args: []string{"users", "--config", file("faults: [true]\n")}, want: []string{"settings.yaml:1", "faults"}},
		"a file that is no YAML":         {args: []string{"users", "--config", file("a: [\n")}, want: []string{"settings.yaml", "not YAML"}},
		"where traces go":                {args: []string{"users", "--users-addr=127.0.0.1:0"}, env: env{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, want: []string{"OTEL_EXPORTER_OTLP_ENDPOINT"}},
		"how traces go there":            {args: []string{"gateway", "--addr=127.0.0.1:0"}, env: env{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, want: []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}},
		"a file that is not there":       {args: []string{"users"}, env: env{"BFF_CONFIG": "/nowhere/s.yaml"}, want: []string{"/nowhere/s.yaml"}},
		"a mode of trust":                {args: []string{"gateway"}, env: env{"BFF_GRAPHQL_TRUSTED_MODE": "maybe"}, want: []string{"BFF_GRAPHQL_TRUSTED_MODE"}},
		"a manifest that is not there":   {args: []string{"gateway", "--addr=127.0.0.1:0"}, env: env{"BFF_GRAPHQL_TRUSTED_DOCUMENTS": "/nowhere/m.json"}, want: []string{"trusted-documents", "/nowhere/m.json"}},
		"a manifest that is none":        {args: []string{"gateway", "--addr=127.0.0.1:0", "--graphql-trusted-documents", file("a: b")}, want: []string{"trusted-documents", "settings.yaml", "JSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := tributary(t, tt.env, tt.args...)
			if o.code() != 2 {
				t.Fatalf("exit code %d (%v), want 2", o.code(), o.err)
			}
			line := complaint(o.err)
			for _, part := range tt.want {
				if !strings.Contains(line, part) {
					t.Errorf("%q does not name %s", line, part)
				}
			}
			if strings.ContainsAny(line, "\n") || strings.Contains(line, "hunter2") || o.stdout != "" {
				t.Errorf("want one line without secrets, got %q, and on stdout %q", line, o.stdout)
			}
		})
	}
}

func TestAPortInUseStopsTheStartWithCode1(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for _, args := range [][]string{
		{"gateway", "--addr", ln.Addr().String()},
		{"users", "--users-addr", ln.Addr().String()},
		{"dev", "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0", "--addr", ln.Addr().String()},
	} {
		if o := tributary(t, nil, args...); o.code() != 1 || !strings.Contains(complaint(o.err), ln.Addr().String()) {
			t.Errorf("%v: exit code %d, %v", args, o.code(), o.err)
		}
	}
}

func TestAFlagBeatsTheEnvironmentWhichBeatsTheFileWhichBeatsTheDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.yaml")
	text := "cache_ttl: 1s\nrequest_timeout: 1s\ndrain_delay: 1s\nusers_addr: ':9001'\nredis_url: rediss://me:hunter2@redis:6379/1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := tributary(t, map[string]string{
		"BFF_CACHE_TTL": "2s", "BFF_REQUEST_TIMEOUT": "2s", "ORDERS_ADDR": ":9002", "BFF_ADDR": "", // set to nothing: not set
	}, "config", "--config", file, "--cache-ttl=3s")
	if o.err != nil {
		t.Fatal(o.err)
	}
	for key, want := range map[string]string{
		"cache_ttl":            `3s +# flag --cache-ttl`,
		"request_timeout":      `2s +# environment BFF_REQUEST_TIMEOUT`,
		"drain_delay":          `1s +# file .*s.yaml:3`,
		"cache_stale_if_error": `10m +# default`,
		"addr":                 `":8000" +# default`,
		"users_addr":           `":9001" +# file .*`,
		"orders_addr":          `":9002" +# environment ORDERS_ADDR`,
		"redis_url":            `"rediss://\*\*\*@redis:6379/1" +# file .*`,
	} {
		if !regexp.MustCompile(`(?m)^` + key + `: ` + want + `$`).MatchString(o.stdout) {
			t.Errorf("no line for %s like %s in\n%s", key, want, o.stdout)
		}
	}
	if strings.Contains(o.stdout, "hunter2") {
		t.Error("shows the password")
	}
}

func TestWhatConfigPrintsIsAFileOfSettings(t *testing.T) {
	first := tributary(t, nil, "config", "--cache-ttl=7s", "--upstream-overrides=orders.timeout=3s;users.retries=1")
	file := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(file, []byte(first.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	second := tributary(t, nil, "config", "--config", file)
	values := func(o outcome) string {
		if o.err != nil {
			t.Fatal(o.err)
		}
		return regexp.MustCompile(` +#.*`).ReplaceAllString(o.stdout, "")
	}
	if values(first) != values(second) {
		t.Errorf("read back:\n%s\nwant:\n%s", second.stdout, first.stdout)
	}
}

func TestSchemaPrintsTheSDL(t *testing.T) {
	o := tributary(t, nil, "schema")
	for _, part := range []string{"scalar Decimal", "profile(", "type OrderItem {", "stockQuantity: Int!"} {
		if !strings.Contains(o.stdout, part) {
			t.Errorf("no %s in\n%s", part, o.stdout)
		}
	}
	if strings.Contains(o.stdout, "extend type") || o.err != nil {
		t.Errorf("want one document, got %v\n%s", o.err, o.stdout)
	}
}

func TestVersionAndHelpGoToStdout(t *testing.T) {
	for _, flag := range []string{"--version", "--help"} {
		if o := tributary(t, nil, flag); o.err != nil || !strings.Contains(o.stdout, "tributary") {
			t.Errorf("%s: %q, %v", flag, o.stdout, o.err)
		}
	}
}

// system is what `dev` runs.
type system struct {
	t                                *testing.T
	gateway, users, orders, products string // URLs
	stop                             context.CancelFunc
	done                             chan error

	mu  sync.Mutex
	log bytes.Buffer
}

func (s *system) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *system) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// dev starts everything on free ports; it is stopped with the test, if not before.
func dev(t *testing.T, args ...string) *system {
	t.Helper()
	return devIn(t, func(string) string { return "" }, args...)
}

// devIn is [dev] in an environment.
func devIn(t *testing.T, getenv func(string) string, args ...string) *system {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &system{t: t, stop: cancel, done: make(chan error, 1)}
	r, w := io.Pipe()
	args = append([]string{"dev", "--addr=127.0.0.1:0", "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0",
		"--products-addr=127.0.0.1:0", "--drain-delay=100ms"}, args...)
	go func() {
		err := run(ctx, args, getenv, w, s)
		_ = w.CloseWithError(err)
		s.done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if s.done != nil {
			<-s.done
		}
		http.DefaultClient.CloseIdleConnections()
	})
	banner := readBanner(t, r)
	for name, url := range map[string]*string{"GraphQL": &s.gateway, "users": &s.users, "orders": &s.orders, "products": &s.products} {
		found := regexp.MustCompile(`(?m)^  ` + name + ` +(http://[^/\s]+)`).FindStringSubmatch(banner)
		if found == nil {
			t.Fatalf("no address of %s in\n%s", name, banner)
		}
		*url = found[1]
	}
	return s
}

// readBanner reads until the last of what a start prints, and lets the rest go.
func readBanner(t *testing.T, r io.Reader) string {
	t.Helper()
	var banner strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(banner.String(), "-d '") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("ended with %v after\n%s", err, banner.String())
		}
		banner.Write(buf[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return banner.String()
}

// call sends a request and gives status and body.
func (s *system) call(method, url, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestDevAnswersOverTheSeededData(t *testing.T) {
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

func TestEveryLineOfTheLogIsAnObjectAndARequestIsFoundByItsIDInAllServices(t *testing.T) {
	s := dev(t)
	if status, _ := s.call(http.MethodGet, s.gateway+"/api/profile/user123", ""); status != http.StatusOK {
		t.Fatal(status)
	}
	services := map[string]int{}
	var id any
	lines := strings.Split(strings.TrimSpace(s.logged()), "\n")
	for i := range lines { // the gateway's own line is the last
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

func TestAStopAnswersWhatWasAcceptedAndIsNotReadyMeanwhile(t *testing.T) {
	s := dev(t, "--faults", "--drain-delay=1s")
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
	s.stop()
	waitFor(t, func() bool {
		status, _ := s.call(http.MethodGet, s.gateway+"/readyz", "")
		return status == http.StatusServiceUnavailable
	})
	if a := <-slow; a.status != http.StatusOK || !strings.Contains(a.body, `"degraded":[]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := <-s.done; err != nil {
		t.Errorf("ended with %v", err)
	}
	s.done = nil
}

func TestHealthcheckSucceedsOnlyOn2xx(t *testing.T) {
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

func TestEachServiceRunsAlone(t *testing.T) {
	for command, path := range map[string]string{"users": "/users/user123", "orders": "/orders/user/user123", "products": "/products/prod1"} {
		t.Run(command, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := ln.Addr().String()
			_ = ln.Close()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- run(ctx, []string{command, "--" + command + "-addr", addr}, func(string) string { return "" }, io.Discard, io.Discard)
			}()
			waitFor(t, func() bool {
				resp, err := http.Get("http://" + addr + path)
				if err != nil {
					return false
				}
				_ = resp.Body.Close()
				return resp.StatusCode == http.StatusOK
			})
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !what(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-time.After(5 * time.Millisecond)
	}
}
