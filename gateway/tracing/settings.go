package tracing

import (
	"cmp"
	"fmt"
	"strings"
)

// settings are those that this package interprets itself: whether to trace, and by
// which protocol to export. The library reads all others.
type settings struct{ on, grpc bool }

// settingsOf reads the variables of the OpenTelemetry specification, and checks some of
// them (see [violation]). Nothing is checked while tracing is off.
func settingsOf(getenv func(string) string) (settings, error) {
	if !isOn(getenv) {
		return settings{}, nil
	}
	for _, name := range Names() {
		if value := getenv(name); value != "" {
			if must := violation(name, value); must != "" {
				return settings{}, fmt.Errorf("%s must be %s", name, must)
			}
		}
	}
	protocol := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), getenv("OTEL_EXPORTER_OTLP_PROTOCOL"))
	return settings{on: true, grpc: protocol == "grpc"}, nil
}

// isOn reports whether tracing is enabled, by an exporter or by an endpoint.
func isOn(getenv func(string) string) bool {
	exporter := getenv("OTEL_TRACES_EXPORTER")
	if exporter == "none" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	return cmp.Or(exporter, getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
}

// Check reports the first invalid variable, as [New] does, before anything is started.
// The error names the variable and does not contain its value.
func Check(getenv func(string) string) error {
	_, err := settingsOf(getenv)
	return err
}
