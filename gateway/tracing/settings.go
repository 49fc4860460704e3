package tracing

import (
	"cmp"
	"fmt"
	"strings"
)

// settings are those that this package interprets itself: whether to trace, and by
// which protocol to export. The library reads all others.
type settings struct{ on, grpc bool }

// settingsOf reads the variables of the OpenTelemetry specification. An invalid value
// is an error, where the library would use a default or fail later. Nothing is checked
// while tracing is off.
func settingsOf(getenv func(string) string) (settings, error) {
	if !isOn(getenv) {
		return settings{}, nil
	}
	for _, v := range Variables(getenv) {
		if value := getenv(v.Name); value != "" && !v.holds(value) {
			return settings{}, fmt.Errorf("%s must be %s", v.Name, v.must)
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
