// Package restservicetest tests a REST service against what all of them promise, and
// against its own OpenAPI document.
package restservicetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/services/restservice"
)

// Suite is a service under test.
type Suite struct {
	New      func(restservice.Options) *restservice.Service
	Name     string // what /health calls it
	Document string // the file with its OpenAPI document
	Requests []Request
}

// Request is a request with its expected status. The response is validated against the
// document.
type Request struct {
	Name   string // as a sentence
	Route  string // in the document: GET /users/{id}
	Path   string // of the request, escaped
	Body   string
	Type   string // of the body, JSON if empty
	Status int
	Want   string // the JSON of the answer, not compared if empty
}

// Run tests the service.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	t.Run("its document is the committed one", s.document)
	t.Run("its document describes everything", s.described)
	t.Run("every answer is as documented", s.responses)
	t.Run("it tells its health and its metrics", s.operation)
	t.Run("it has no fault switch unless asked for", s.noFaults)
	t.Run("what is wrong about a request is told as a problem", s.problems)
}

func (s Suite) operation(t *testing.T) {
	srv := Start(t, s.New(restservice.Options{}))
	if got := Send(t, srv, http.MethodGet, "/health", ""); got.Body != `{"status":"healthy","service":"`+s.Name+`"}`+"\n" {
		t.Errorf("/health answers %q", got.Body)
	}
	if got := Send(t, srv, http.MethodGet, "/metrics", ""); !strings.Contains(got.Body,
		`http_requests_total{endpoint="/health",method="GET",status="200"} 1`) {
		t.Errorf("/metrics has no request to /health:\n%s", got.Body)
	}
}

func (s Suite) noFaults(t *testing.T) {
	srv := Start(t, s.New(restservice.Options{}))
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		Send(t, srv, method, "/_faults", `[]`).WantProblem(t, http.StatusNotFound, "NOT_FOUND")
	}
}

func (s Suite) problems(t *testing.T) {
	srv := Start(t, s.New(restservice.Options{}))
	Send(t, srv, http.MethodGet, "/no/such/path", "").WantProblem(t, http.StatusNotFound, "NOT_FOUND")
	got := Send(t, srv, http.MethodDelete, "/health", "")
	got.WantProblem(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	if allow := got.Header.Get("Allow"); !strings.Contains(allow, http.MethodGet) {
		t.Errorf("DELETE /health: Allow is %q, want GET in it", allow)
	}
}

// Start serves h until the test ends.
func Start(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// Response is an answer, read.
type Response struct {
	*http.Response
	Body string
}

// Send sends a request with a JSON body to srv.
func Send(t testing.TB, srv *httptest.Server, method, path, body string) Response {
	t.Helper()
	return SendType(t, srv, method, path, "application/json", body)
}

// SendType sends a request with a body of the given media type to srv.
func SendType(t testing.TB, srv *httptest.Server, method, path, mediaType, body string) Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Response{resp, string(read)}
}
