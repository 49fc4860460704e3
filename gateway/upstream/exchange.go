package upstream

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tributary/gateway/internal/truncate"
	"tributary/gateway/tracing"
)

// maxShown is the maximum size of a body in a trace, in bytes.
const maxShown = 4 << 10

// shownHeaders are those whose values are in traces. Any other may be a secret.
const shownHeaders = " Accept Accept-Encoding Accept-Language Age Allow Cache-Control Cache-Status Content-Encoding" +
	" Content-Language Content-Length Content-Type Date Etag Expires Last-Modified Location Retry-After Server Server-Timing" +
	" Traceparent User-Agent Vary X-Content-Type-Options X-Request-Id "

// showExchange adds what an attempt has sent and received to its span, for the trace of the
// request only: it is not exported.
func showExchange(span tracing.Span, r *http.Request, got reply) {
	var sent []byte
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			sent, _ = io.ReadAll(io.LimitReader(body, maxShown+1))
		}
	}
	span.Detail(tracing.Sent, message(fmt.Sprintf("%s %s", r.Method, r.URL.RequestURI()), r.Header, sent))
	if got.status == 0 {
		return
	}
	span.Detail(tracing.Received, message(fmt.Sprint(got.status, " ", http.StatusText(got.status)), got.header, got.body))
}

// message is a readable form of an HTTP message.
func message(start string, header http.Header, body []byte) string {
	var b strings.Builder
	b.WriteString(start + "\n")
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if !strings.Contains(shownHeaders, " "+name+" ") {
				value = "(not shown)"
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	if len(body) > 0 {
		text := strings.ToValidUTF8(string(body[:min(len(body), maxShown+1)]), "\uFFFD")
		fmt.Fprintf(&b, "\n%s\n", truncate.String(text, maxShown))
	}
	return b.String()
}
