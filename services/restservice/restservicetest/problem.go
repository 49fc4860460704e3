package restservicetest

import (
	"encoding/json"
	"reflect"
	"testing"

	"tributary/gateway/httpserver"
)

// WantProblem fails the test unless the answer is a whole problem document
// with the status and the code. It returns the document.
func (a Response) WantProblem(t testing.TB, status int, code string) httpserver.Problem {
	t.Helper()
	var p httpserver.Problem
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil {
		t.Fatalf("%s %s answers %d with %q: %v", a.Request.Method, a.Request.URL, a.StatusCode, a.Body, err)
	}
	want := httpserver.Problem{
		Type: "about:blank", Title: p.Title, Status: status, Detail: p.Detail,
		Code: code, RequestID: a.Header.Get(httpserver.RequestIDHeader), Errors: p.Errors,
	}
	if a.StatusCode != status || !reflect.DeepEqual(p, want) || p.Title == "" || p.RequestID == "" {
		t.Errorf("%s %s answers %d with %+v, want %+v", a.Request.Method, a.Request.URL, a.StatusCode, p, want)
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: Content-Type is %q", a.Request.Method, a.Request.URL, got)
	}
	return p
}
