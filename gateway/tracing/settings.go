package tracing

import (
	"cmp"
	"fmt"
	"strings"
)

// settings are what is decided here and not by the library: whether to trace,
// and how to export.
type settings struct{ on, grpc bool }

// settingsOf reads the variables of the OpenTelemetry specification. What
// cannot be used is an error, where the library would go on with a default or
// fail later; while traces are off nothing is used, and so nothing is checked.
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

// isOn tells whether traces are asked for, by an exporter or by where they go.
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
