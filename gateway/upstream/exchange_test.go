package upstream_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/tracing"
	"tributary/gateway/upstream"
)

// What went over the wire is in the trace of a request where that is asked for, and nowhere
// else; values of headers that may be secrets never are.
func TestExchange_IsShownWithoutSecrets(t *testing.T) {
	long := strings.Repeat("é", 5000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Set-Cookie", "session=secret")
		w.Header().Set("Etag", `"1"`)
		_, _ = io.WriteString(w, `{"title":"`+long+`"}`)
	}))
	defer srv.Close()
	for _, shown := range []bool{true, false} {
		c, err := upstream.NewClient("books", srv.URL, upstream.Config{ShowExchanges: shown}, upstream.NewMetrics(prometheus.NewRegistry()))
		if err != nil {
			t.Fatal(err)
		}
		ctx, collection := tracing.StartRecording(t.Context())
		ctx = upstream.Forward(ctx, func(_ string, to http.Header) {
			to.Set("Authorization", "Bearer secret")
			to.Set("X-Api-Key", "secret")
			to.Set("Accept-Language", "en")
		})
		if _, err := c.Do(ctx, upstream.Request{Method: http.MethodPost, Route: "/books/batch", Path: "/books/batch", Body: []byte(`{"ids":["b1"]}`)}); err != nil {
			t.Fatal(err)
		}
		var sent, received string
		for _, span := range collection.Spans() {
			if span.Step == tracing.Attempt {
				sent, _ = span.Attributes[tracing.Sent].(string)
				received, _ = span.Attributes[tracing.Received].(string)
			}
		}
		if !shown {
			if sent+received != "" {
				t.Errorf("recorded: %s%s", sent, received)
			}
			continue
		}
		for _, want := range []string{"POST /books/batch\n", "Accept-Language: en\n", "Authorization: (not shown)\n", "X-Api-Key: (not shown)\n", "\n\n{\"ids\":[\"b1\"]}\n"} {
			if !strings.Contains(sent, want) {
				t.Errorf("no %q in what was sent:\n%s", want, sent)
			}
		}
		for _, want := range []string{"200 OK\n", "Etag: \"1\"\n", "Set-Cookie: (not shown)\n", "…\n"} {
			if !strings.Contains(received, want) {
				t.Errorf("no %q in what was received:\n%s", want, received)
			}
		}
		if strings.Contains(sent+received, "secret") || len(received) > 5000 {
			t.Errorf("%d bytes: %s%s", len(received), sent, received)
		}
	}
}
