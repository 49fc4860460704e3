package tracing_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.opentelemetry.io/otel"

	"tributary/gateway/tracing"
)

func TestSettings_OffByDefault(t *testing.T) {
	type variables = map[string]string
	const endpoint = "http://localhost:4318"
	for name, tt := range map[string]struct {
		env variables
		on  bool
	}{
		"nothing is set":            {nil, false},
		"an endpoint":               {variables{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, true},
		"an endpoint of traces":     {variables{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint + "/v1/traces"}, true},
		"an exporter":               {variables{"OTEL_TRACES_EXPORTER": "otlp"}, true},
		"an endpoint, and none":     {variables{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}, false},
		"an endpoint, and disabled": {variables{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "True"}, false},
		"what would be refused, if on": {variables{"OTEL_EXPORTER_OTLP_HEADERS": "none", "OTEL_BSP_MAX_QUEUE_SIZE": "-4",
			"OTEL_SDK_DISABLED": "maybe"}, false},
		"an endpoint that is no URL": {variables{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector", "OTEL_TRACES_EXPORTER": "none"}, false},
		"an exporter of metrics":     {variables{"OTEL_METRICS_EXPORTER": "otlp"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := tracing.New(t.Context(), tracing.Source{Name: "me"}, env(tt.env), quiet())
			if err != nil || (p != nil) != tt.on {
				t.Errorf("on: %v, %v", p != nil, err)
			}
			p.Close(t.Context())
		})
	}
}

// keyPair creates files with a certificate and its key.
func keyPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, kind string, der []byte) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return file("me.crt", "CERTIFICATE", der), file("me.key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private))
}

func TestSettings_InvalidIsNamed(t *testing.T) {
	for name, values := range map[string][]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"hunter2:4317", "http://", "http://:4317", "http://ann:hunter2@h",
			"http://h?key=hunter2", "http://h#hunter2", "http://h:hunter2"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": {"/v1/hunter2", "unix:///hunter2"},
		"OTEL_EXPORTER_OTLP_HEADERS":         {"Bearer hunter2", "a=%zzhunter2", "a=hunter2,b", "=hunter2", "hunter2 2=b", "a=hunter2%0Ab"},
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS":  {"hunter2"},
		"OTEL_EXPORTER_OTLP_PROTOCOL":        {"http/json"},
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": {"hunter2"},
		"OTEL_TRACES_EXPORTER":               {"hunter2", "zipkin"},
		"OTEL_PROPAGATORS":                   {"hunter2", "tracecontext,b3", "baggage", "none"},
		"OTEL_BSP_SCHEDULE_DELAY":            {"hunter2", "0", "-1"},
		"OTEL_BSP_MAX_QUEUE_SIZE":            {"hunter2", "-4", "0", "99999999999", "1e9"},
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE":     {"hunter2", "-1", "0", "99999999999"},
	} {
		for _, value := range values {
			set := map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}
			set[name] = value
			p, err := tracing.New(t.Context(), tracing.Source{Name: "me"}, env(set), quiet())
			p.Close(t.Context())
			switch {
			case err == nil:
				t.Errorf("%s=%s is taken", name, value)
			case !strings.HasPrefix(err.Error(), name+" must be "):
				t.Errorf("%s=%s: %v", name, value, err)
			case strings.Contains(err.Error(), "hunter2"):
				t.Errorf("%s=%s is repeated: %v", name, value, err)
			}
		}
	}
}

func TestSettings_Specification(t *testing.T) {
	certificate, key := keyPair(t)
	for name, set := range map[string]map[string]string{
		"headers":           {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc==, x-tenant = a%2Cb"},
		"a URL with a path": {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://[::1]:4318/base/"},
		"no limit of time":  {"OTEL_EXPORTER_OTLP_TIMEOUT": "0", "OTEL_BSP_EXPORT_TIMEOUT": "0"},
		"TLS": {"OTEL_EXPORTER_OTLP_CERTIFICATE": certificate,
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": certificate, "OTEL_EXPORTER_OTLP_CLIENT_KEY": key},
		"a share":       {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
		"a long queue":  {"OTEL_BSP_MAX_QUEUE_SIZE": "8192", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4096"},
		"a short queue": {"OTEL_BSP_MAX_QUEUE_SIZE": "10"},
		"propagators":   {"OTEL_PROPAGATORS": "tracecontext, baggage"},
		"attributes":    {"OTEL_RESOURCE_ATTRIBUTES": "app.kubernetes.io/name=a%20b,empty=", "OTEL_SERVICE_NAME": "x y"},
		"no limit":      {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "-1", "OTEL_SPAN_LINK_COUNT_LIMIT": "0"},
		"a truth of any case": {"OTEL_SDK_DISABLED": "FALSE", "OTEL_EXPORTER_OTLP_INSECURE": "True",
			"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
		"what is not checked": {
			"OTEL_TRACES_SAMPLER": "?", "OTEL_TRACES_SAMPLER_ARG": "2", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s",
			"OTEL_EXPORTER_OTLP_COMPRESSION": "?",
			"OTEL_EXPORTER_OTLP_CERTIFICATE": "/none", "OTEL_SPAN_LINK_COUNT_LIMIT": "many", "OTEL_RESOURCE_ATTRIBUTES": "a",
			"OTEL_BSP_EXPORT_TIMEOUT": "-1",
		},
		"what has no effect": {"OTEL_METRICS_EXPORTER": "?", "OTEL_LOG_LEVEL": "?"},
	} {
		set["OTEL_TRACES_EXPORTER"] = "otlp"
		p, err := tracing.New(t.Context(), tracing.Source{Name: "me"}, env(set), quiet())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p.Close(t.Context())
	}
}

func TestPropagators_BaggageIsWarnedOf(t *testing.T) {
	for propagators, warned := range map[string]bool{
		"": false, "tracecontext": false, "tracecontext,baggage": true, "baggage,tracecontext": true, "tracecontext, baggage": true,
	} {
		var log strings.Builder
		p, err := tracing.New(t.Context(), tracing.Source{Name: "me"},
			env(map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_PROPAGATORS": propagators}),
			slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		p.Close(t.Context())
		if strings.Contains(log.String(), "BFF_FORWARD_HEADERS") != warned {
			t.Errorf("%q logs %q", propagators, log.String())
		}
	}
}

// The library reads the process environment itself. Should that differ from what was
// checked, it must not print values to the terminal.
func TestSettings_LibraryLog(t *testing.T) {
	var told []string
	otel.SetLogger(funcr.New(func(_, args string) { told = append(told, args) }, funcr.Options{}))
	t.Cleanup(func() { otel.SetLogger(logr.Discard()) })
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Bearer hunter2") // for the library alone
	p, err := tracing.New(t.Context(), tracing.Source{Name: "me"}, env(map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}), quiet())
	if err != nil {
		t.Fatal(err)
	}
	p.Close(t.Context())
	if len(told) > 0 {
		t.Errorf("it says %q", told)
	}
}
