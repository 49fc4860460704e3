package tracing_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tributary/gateway/tracing"
)

// A client's traceparent is passed on as valid W3C Trace Context or not at all.
func FuzzTraceparent(f *testing.F) {
	for _, s := range []string{
		"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", "00-x-y-z",
	} {
		f.Add(s, "vendor=1")
	}
	form := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	f.Fuzz(func(t *testing.T, parent, state string) {
		ctx := tracing.Extract(t.Context(), http.Header{"Traceparent": {parent}, "Tracestate": {state}})
		out := http.Header{}
		tracing.Inject(ctx, out)
		if got := out.Get("Traceparent"); got != "" && !form.MatchString(got) || (got == "") != (tracing.ID(ctx) == "") {
			t.Errorf("%q is sent on as %q, of the trace %q", parent, got, tracing.ID(ctx))
		}
	})
}

// Any value of a variable is accepted, or rejected by an error that has the variable's
// name and not its value.
func FuzzSettings(f *testing.F) {
	variables := tracing.Names()
	for i, seed := range []string{"true", "otlp", "always_on", "0.5", "tracecontext,baggage", "me", "a=b,c=%20d",
		"http://collector:4318", "a=b%zz", "a=\x00"} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := variables[int(which)%len(variables)]
		const secret = "s3cr3t"
		err := tracing.Check(env(map[string]string{"OTEL_TRACES_EXPORTER": "otlp", name: value + secret}))
		if err != nil && (!strings.HasPrefix(err.Error(), name+" must be ") || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s=%q: %q", name, value, err)
		}
	})
}
