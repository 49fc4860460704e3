package tracing

import (
	"cmp"
	"math"
	"strconv"
)

// A Variable is one of the standard OTEL_* variables that have an effect here.
type Variable struct {
	Name   string
	Secret bool // its value may hold a secret
	kind
}

// The default size of the queue is the specification's. Its memory is reserved when
// the process starts, so it is limited.
const (
	defaultQueue = "2048"
	maxQueue     = 1 << 20
)

// Variables returns all variables that have an effect, in the OpenTelemetry library,
// its exporters or this package. Which values are valid can depend on other variables,
// which are read with getenv.
func Variables(getenv func(string) string) []Variable {
	all := []Variable{
		{Name: "OTEL_SDK_DISABLED", kind: truth()},
		{Name: "OTEL_TRACES_EXPORTER", kind: oneOf("otlp", "none")},
		{Name: "OTEL_TRACES_SAMPLER", kind: oneOf("always_on", "always_off", "traceidratio",
			"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")},
		{Name: "OTEL_TRACES_SAMPLER_ARG", kind: share()},
		{Name: "OTEL_PROPAGATORS", kind: propagators()},
		{Name: "OTEL_SERVICE_NAME", kind: anything()},
		{Name: "OTEL_RESOURCE_ATTRIBUTES", kind: attributes()},
	}
	for _, form := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"} {
		all = append(all, ofExporter(form, getenv)...)
	}
	return append(append(all, ofBatches(getenv)...), ofSpans()...)
}

// ofExporter returns the variables that begin with form, the prefix for all signals or
// that for traces. Times are in milliseconds; 0 means no limit.
func ofExporter(form string, getenv func(string) string) []Variable {
	certificate, key := form+"CLIENT_CERTIFICATE", form+"CLIENT_KEY"
	return []Variable{
		{Name: form + "ENDPOINT", Secret: true, kind: collector()},
		{Name: form + "HEADERS", Secret: true, kind: headers()},
		{Name: form + "PROTOCOL", kind: oneOf("http/protobuf", "grpc")},
		{Name: form + "COMPRESSION", kind: oneOf("gzip", "none")},
		{Name: form + "TIMEOUT", kind: number(0, math.MaxInt32)},
		{Name: form + "INSECURE", kind: truth()},
		{Name: form + "CERTIFICATE", kind: authorities()},
		{Name: certificate, kind: certificateOf(key, getenv(key))},
		{Name: key, kind: keyOf(certificate, getenv(certificate))},
	}
}

// ofBatches returns the variables of the batch span processor. Times are in
// milliseconds; with a delay of 0 the library would spin.
func ofBatches(getenv func(string) string) []Variable {
	queue, err := strconv.Atoi(cmp.Or(getenv("OTEL_BSP_MAX_QUEUE_SIZE"), defaultQueue))
	if err != nil {
		queue = maxQueue // reported by the queue's own kind
	}
	batch := number(1, queue)
	batch.must += ", the size of the queue"
	return []Variable{
		{Name: "OTEL_BSP_SCHEDULE_DELAY", kind: number(1, math.MaxInt32)},
		{Name: "OTEL_BSP_EXPORT_TIMEOUT", kind: number(0, math.MaxInt32)},
		{Name: "OTEL_BSP_MAX_QUEUE_SIZE", kind: number(1, maxQueue)},
		{Name: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", kind: batch},
	}
}

// ofSpans returns the variables that limit a span; -1 means no limit. If one is not a
// number, go.opentelemetry.io/auto/sdk, a dependency of the library, prints a line to
// stderr before main starts, whether tracing is on or not.
func ofSpans() (all []Variable) {
	for _, name := range []string{
		"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		"OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT",
		"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
	} {
		all = append(all, Variable{Name: name, kind: number(-1, math.MaxInt32)})
	}
	return all
}
