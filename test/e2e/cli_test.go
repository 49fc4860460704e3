package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/test/harness"
)

// outcome is what a command left behind. Its error is nil for exit code 0.
type outcome struct {
	stdout string
	err    error
}

func (o outcome) code() int { return exitCode(o.err) }

// failure is the error of a command: its exit code and what it wrote to stderr.
type failure struct {
	exit   int
	stderr string
}

func (f *failure) Error() string { return fmt.Sprintf("exit code %d: %s", f.exit, f.stderr) }

func exitCode(err error) int {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.exit
	}
	return 0
}

// complaint returns the last line that a command wrote to stderr.
func complaint(err error) string {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return ""
	}
	lines := strings.Split(strings.TrimSuffix(f.stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

// tributary runs a command to its end.
func tributary(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	return outcomeOf(builder.Run(t, env, nil, args...))
}

func outcomeOf(o harness.Outcome) outcome {
	if o.Code == 0 {
		return outcome{stdout: o.Stdout}
	}
	return outcome{o.Stdout, &failure{o.Code, o.Stderr}}
}

func TestStart_InvalidSetting(t *testing.T) {
	t.Parallel()
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
		want []string // parts of the message
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
		"a password for a service":       {args: []string{"gateway"}, env: env{"BFF_ORDERS_URL": "http://bob:hunter2@h:1/"}, want: []string{"BFF_ORDERS_URL", "user"}},
		"a query for a service":          {args: []string{"gateway", "--users-url=http://h:1/?token=hunter2"}, want: []string{"users-url", "query"}},
		"a fragment for a service":       {args: []string{"config"}, env: env{"BFF_PRODUCTS_URL": "http://h:1/#hunter2"}, want: []string{"BFF_PRODUCTS_URL", "fragment"}},
		"a setting of no service":        {args: []string{"gateway"}, env: env{"BFF_UPSTREAM_OVERRIDES": "order.timeout=3s"}, want: []string{"BFF_UPSTREAM_OVERRIDES", `"order"`}},
		"a service's setting":            {args: []string{"gateway", "--upstream-overrides=orders.retries=-1"}, want: []string{"upstream-overrides", "orders", "retries"}},
		"a port that is none":            {args: []string{"gateway"}, env: env{"BFF_USERS_URL": "http://users:99999"}, want: []string{"BFF_USERS_URL", "port"}},
		"a part that is no number":       {args: []string{"gateway"}, env: env{"BFF_UPSTREAM_BREAKER_RATE": "NaN"}, want: []string{"BFF_UPSTREAM_BREAKER_RATE"}},
		"a budget that is no number":     {args: []string{"gateway"}, env: env{"BFF_UPSTREAM_RETRY_BUDGET": "nan"}, want: []string{"BFF_UPSTREAM_RETRY_BUDGET"}},
		"a quantile that is no number":   {args: []string{"gateway"}, env: env{"BFF_UPSTREAM_HEDGE_QUANTILE": "NaN"}, want: []string{"BFF_UPSTREAM_HEDGE_QUANTILE"}},
		"a TTL of nothing":               {args: []string{"gateway", "--addr=127.0.0.1:0", "--cache-ttls=users=5s"}, want: []string{"cache-ttls", `"users"`, "orders, product, user"}},
		"fewer lines than none":          {args: []string{"products"}, env: env{"BFF_LOG_REQUESTS": "-1"}, want: []string{"BFF_LOG_REQUESTS"}},
		"a Redis URL":                    {args: []string{"gateway"}, env: env{"BFF_REDIS_URL": "http://:hunter2@redis"}, want: []string{"BFF_REDIS_URL"}},
		"a key of the file that is none": {args: []string{"users", "--config", file("cache_ttl: 1s\ncash_ttl: 1s\n")}, want: []string{"settings.yaml:2", "cash_ttl"}},
		"a key that is there twice":      {args: []string{"users", "--config", file("faults: true\nfaults: false\n")}, want: []string{"settings.yaml:2", "faults"}},
		"a key without a plain value":    {args: []string{"users", "--config", file("faults: [true]\n")}, want: []string{"settings.yaml:1", "faults"}},
		"a file that is no YAML":         {args: []string{"users", "--config", file("a: [\n")}, want: []string{"settings.yaml", "not YAML"}},
		"where traces go":                {args: []string{"users", "--users-addr=127.0.0.1:0"}, env: env{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, want: []string{"OTEL_EXPORTER_OTLP_ENDPOINT"}},
		"a header for where they go":     {args: []string{"orders", "--orders-addr=127.0.0.1:0"}, env: env{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "Bearer hunter2"}, want: []string{"OTEL_EXPORTER_OTLP_HEADERS"}},
		"a queue of traces, in dev":      {args: []string{"dev", "--addr=127.0.0.1:0", "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0"}, env: env{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_MAX_QUEUE_SIZE": "-4"}, want: []string{"OTEL_BSP_MAX_QUEUE_SIZE"}},
		"how traces go there":            {args: []string{"gateway", "--addr=127.0.0.1:0"}, env: env{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, want: []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}},
		"a file that is not there":       {args: []string{"users"}, env: env{"BFF_CONFIG": "/nowhere/s.yaml"}, want: []string{"/nowhere/s.yaml"}},
		"a mode of trust":                {args: []string{"gateway"}, env: env{"BFF_GRAPHQL_TRUSTED_MODE": "maybe"}, want: []string{"BFF_GRAPHQL_TRUSTED_MODE"}},
		"a manifest that is not there":   {args: []string{"gateway", "--addr=127.0.0.1:0"}, env: env{"BFF_GRAPHQL_TRUSTED_DOCUMENTS": "/nowhere/m.json"}, want: []string{"trusted-documents", "/nowhere/m.json"}},
		"a manifest that is none":        {args: []string{"gateway", "--addr=127.0.0.1:0", "--graphql-trusted-documents", file("a: b")}, want: []string{"trusted-documents", "settings.yaml", "JSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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

func TestStart_PortInUse(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for _, args := range [][]string{
		{"gateway", "--addr", ln.Addr().String()},
		{"gateway", "--addr=127.0.0.1:0", "--ops-addr", ln.Addr().String()},
		{"users", "--users-addr", ln.Addr().String()},
		{"dev", "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0", "--addr", ln.Addr().String()},
		{"dev", "--addr=127.0.0.1:0", "--users-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0", "--orders-addr", ln.Addr().String()},
	} {
		o, another := tributary(t, nil, args...), args[len(args)-2]+"=:PORT"
		if o.code() != 1 || !strings.Contains(complaint(o.err), ln.Addr().String()) || !strings.HasSuffix(complaint(o.err), another) {
			t.Errorf("%v: exit code %d, %v", args, o.code(), o.err)
		}
	}
}

func TestSettings_Precedence(t *testing.T) {
	t.Parallel()
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

func TestConfigCommand_OTel(t *testing.T) {
	t.Parallel()
	o := tributary(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":       "https://ann:hunter2@collector:4318/base?key=hunter2", // which no command would take
		"OTEL_EXPORTER_OTLP_HEADERS":        "authorization=Basic hunter2,from=https://example.com",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "hunter2",
		"OTEL_SERVICE_NAME":                 "bff",
	}, "config")
	if o.err != nil || strings.Contains(o.stdout, "hunter2") {
		t.Fatalf("%v, or a secret in\n%s", o.err, o.stdout)
	}
	var got []string
	for line := range strings.Lines(o.stdout) {
		if name, rest, found := strings.Cut(line, ": "); found && strings.Contains(name, "OTEL") {
			got = append(got, name+": "+strings.Join(strings.Fields(rest), " "))
		}
	}
	want := []string{
		`# OTEL_SERVICE_NAME: "bff" # environment OTEL_SERVICE_NAME`,
		`# OTEL_EXPORTER_OTLP_ENDPOINT: "https://***@collector:4318/base?***" # environment OTEL_EXPORTER_OTLP_ENDPOINT`,
		`# OTEL_EXPORTER_OTLP_HEADERS: "***" # environment OTEL_EXPORTER_OTLP_HEADERS`,
		`# OTEL_EXPORTER_OTLP_TRACES_HEADERS: "***" # environment OTEL_EXPORTER_OTLP_TRACES_HEADERS`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestConfigCommand_RoundTrip(t *testing.T) {
	t.Parallel()
	otel := map[string]string{"OTEL_SERVICE_NAME": "bff"}
	first := tributary(t, otel, "config", "--cache-ttl=7s", "--upstream-overrides=orders.timeout=3s;users.retries=1")
	file := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(file, []byte(first.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	second := tributary(t, otel, "config", "--config", file)
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

func TestSchemaCommand_SDL(t *testing.T) {
	t.Parallel()
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

func TestCommands_Stdout(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--version", "--help"} {
		if o := tributary(t, nil, flag); o.err != nil || !strings.Contains(o.stdout, "tributary") {
			t.Errorf("%s: %q, %v", flag, o.stdout, o.err)
		}
	}
}
