package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
)

// writable is the gateway of the library over services that fail as a test wants.
type writable struct {
	http.Handler

	t              *testing.T
	authors, books *faultyupstream.Server
	execute        map[string]faultyupstream.Behaviour // by service: as it is without a fault
	reg            *prometheus.Registry
}

func newWritable(t *testing.T, change func(*gatewayConfig)) *writable {
	t.Helper()
	w := &writable{t: t, execute: map[string]faultyupstream.Behaviour{}}
	for _, service := range []string{testgraph.Authors, testgraph.Books} {
		w.execute[service] = through(testgraph.Handler(service))
	}
	w.authors = faultyupstream.New(t, faultyupstream.Always(w.execute[testgraph.Authors]))
	w.books = faultyupstream.New(t, faultyupstream.Always(w.execute[testgraph.Books]))
	w.Handler, w.reg = assemble(t, w.urls(), silent, change)
	return w
}

func (w *writable) urls() map[string]string {
	return map[string]string{testgraph.Authors: w.authors.URL(), testgraph.Books: w.books.URL()}
}

// gateway returns one more gateway over the services.
func (w *writable) gateway(change func(*gatewayConfig)) http.Handler {
	w.t.Helper()
	handler, _ := assemble(w.t, w.urls(), silent, change)
	return handler
}

// writes returns the number of writes with an outcome, by the metrics.
func (w *writable) writes(outcome string) (n float64) {
	w.t.Helper()
	n, _ = testkit.Metric(w.t, w.reg, "upstream_writes_total", outcome)
	return n
}

// through answers as a handler does.
func through(h http.Handler) faultyupstream.Behaviour {
	return func(e *faultyupstream.Exchange) bool {
		r := e.Request.Clone(context.Background())
		r.Body = io.NopCloser(bytes.NewReader(e.Body))
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		resp := recorder.Result()
		resp.ContentLength = int64(recorder.Body.Len())
		return resp.Write(e.Conn) == nil
	}
}

// fresh lets the services work, and forgets their requests.
func (w *writable) fresh() {
	w.authors.SetScript(faultyupstream.Always(w.execute[testgraph.Authors]))
	w.books.SetScript(faultyupstream.Always(w.execute[testgraph.Books]))
}

// asked returns the requests of both services, as in "PUT /books/b1-1 {…}".
func (w *writable) asked() (lines []string) {
	for _, s := range []*faultyupstream.Server{w.authors, w.books} {
		for _, r := range s.Requests() {
			lines = append(lines, strings.TrimSpace(r.Method+" "+r.Path+" "+r.Body))
		}
	}
	return lines
}

// send sends an operation with headers, which alternate name and value, to a gateway.
func send(h http.Handler, query string, headers ...string) *httptest.ResponseRecorder {
	body, _ := json.Marshal(map[string]string{"query": query})
	return sendBody(h, string(body), headers...)
}

func sendBody(h http.Handler, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// shown has what clients see of an answer.
type shown struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct {
			Code, Service, Outcome string
			Problem                json.RawMessage
		}
	}
	Extensions json.RawMessage
}

func read(t *testing.T, answer *httptest.ResponseRecorder) (s shown) {
	t.Helper()
	if err := json.Unmarshal(answer.Body.Bytes(), &s); err != nil {
		t.Fatalf("%v in %d %s", err, answer.Code, answer.Body)
	}
	return s
}

// failures are the errors of an answer, as in "CODE outcome at [path]".
func (s shown) failures() (all []string) {
	for _, e := range s.Errors {
		all = append(all, fmt.Sprintf("%s %s at %v", e.Extensions.Code, e.Extensions.Outcome, e.Path))
	}
	return all
}
