package tracing

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// settings are what is decided here and not by the library: whether to trace,
// and how to export.
type settings struct{ on, grpc bool }

// settingsOf reads the variables of the OpenTelemetry specification. What
// cannot be used is an error, where the library would say so and go on.
func settingsOf(getenv func(string) string) (settings, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return settings{}, nil
	}
	exporter := getenv("OTEL_TRACES_EXPORTER")
	if exporter == "none" {
		return settings{}, nil
	}
	s := settings{on: exporter == "otlp"}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		value := getenv(name)
		if value == "" {
			continue
		}
		s.on = true
		if u, err := url.Parse(value); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return settings{}, fmt.Errorf("%s must be a URL with http:// or https:// and a host", name)
		}
	}
	if !s.on {
		return settings{}, nil
	}
	for _, v := range []struct {
		name  string
		known []string
	}{
		{"OTEL_TRACES_EXPORTER", []string{"otlp"}},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", []string{"http/protobuf", "grpc"}},
		{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", []string{"http/protobuf", "grpc"}},
		{"OTEL_TRACES_SAMPLER", []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}},
	} {
		if value := getenv(v.name); value != "" && !slices.Contains(v.known, value) {
			return settings{}, fmt.Errorf("%s must be one of %s", v.name, strings.Join(v.known, ", "))
		}
	}
	protocol := getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	s.grpc = protocol == "grpc"
	return s, nil
}
