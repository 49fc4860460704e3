package tracing

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// maxQueue limits the queue of spans: its memory is reserved when the process starts.
const maxQueue = 1 << 20

// Names returns the OTEL_* variables that have an effect, in the OpenTelemetry library,
// its exporters or this package.
func Names() []string {
	all := strings.Fields(`OTEL_SDK_DISABLED OTEL_TRACES_EXPORTER OTEL_TRACES_SAMPLER OTEL_TRACES_SAMPLER_ARG
		OTEL_PROPAGATORS OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES`)
	for _, form := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"} {
		for name := range strings.FieldsSeq("ENDPOINT HEADERS PROTOCOL COMPRESSION TIMEOUT INSECURE CERTIFICATE CLIENT_CERTIFICATE CLIENT_KEY") {
			all = append(all, form+name)
		}
	}
	return append(all, strings.Fields(`OTEL_BSP_SCHEDULE_DELAY OTEL_BSP_EXPORT_TIMEOUT OTEL_BSP_MAX_QUEUE_SIZE OTEL_BSP_MAX_EXPORT_BATCH_SIZE
		OTEL_ATTRIBUTE_COUNT_LIMIT OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT
		OTEL_SPAN_EVENT_COUNT_LIMIT OTEL_SPAN_LINK_COUNT_LIMIT OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`)...)
}

// IsSecret reports whether the value of a variable may hold a secret.
func IsSecret(name string) bool {
	return strings.HasSuffix(name, "_HEADERS") || strings.HasSuffix(name, "_ENDPOINT")
}

// violation returns what the value of a variable must be, or "" if it may be used. Checked
// are those that the library would misread in silence, and so send nothing or send it to
// another place, and those with which it panics or spins. For all others it takes its
// default when it cannot use a value.
func violation(name, value string) (must string) {
	switch strings.Replace(name, "OTLP_TRACES_", "OTLP_", 1) {
	case "OTEL_TRACES_EXPORTER":
		return mustBe(value == "otlp" || value == "none", "one of otlp, none")
	case "OTEL_EXPORTER_OTLP_PROTOCOL":
		return mustBe(value == "http/protobuf" || value == "grpc", "one of http/protobuf, grpc")
	case "OTEL_EXPORTER_OTLP_ENDPOINT":
		return mustBe(isCollector(value), "a URL with http:// or https:// and a host, and without user, query and fragment")
	case "OTEL_EXPORTER_OTLP_HEADERS":
		return mustBe(areHeaders(value), "headers as in name=value,name=value, values percent-encoded")
	case "OTEL_PROPAGATORS":
		return mustBe(slices.Contains([]string{"tracecontext", "tracecontext,baggage", "baggage,tracecontext"},
			strings.ReplaceAll(value, " ", "")),
			"tracecontext or tracecontext,baggage")
	case "OTEL_BSP_SCHEDULE_DELAY":
		return mustBe(isCount(value, math.MaxInt32), "a whole number from 1 to 2147483647")
	case "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE":
		return mustBe(isCount(value, maxQueue), "a whole number from 1 to "+strconv.Itoa(maxQueue))
	}
	return ""
}

func isCount(value string, most int) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= 1 && n <= most
}

func mustBe(good bool, must string) string {
	if good {
		return ""
	}
	return must
}

func isCollector(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func areHeaders(list string) bool {
	for pair := range strings.SplitSeq(list, ",") {
		name, encoded, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(encoded)
		if !found || err != nil || !httpguts.ValidHeaderFieldName(strings.TrimSpace(name)) ||
			!httpguts.ValidHeaderFieldValue(strings.TrimSpace(value)) {
			return false
		}
	}
	return true
}
