package httpserver

import (
	"encoding/json"
	"net/http"

	"tributary/gateway/fault"
)

// Problem is a problem document (RFC 9457), extended by the code of the failure and
// the request id under which the log has details.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	RequestID string `json:"request_id,omitempty"`

	Errors []ProblemError `json:"errors,omitempty"`
}

// ProblemError is one of several mistakes in a request's body, in the form of RFC 9457,
// section 3.
type ProblemError struct {
	Detail  string `json:"detail"`
	Pointer string `json:"pointer"` // the member, as a JSON Pointer in a URI fragment (RFC 6901, section 6)
}

// WriteProblem answers with p. Status and Code are required; the rest is filled in.
func WriteProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	p.RequestID = RequestID(r.Context())
	body, err := json.Marshal(p)
	if err != nil { // strings and a number always marshal
		panic(err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// WriteFault answers with the problem document of err, as far as clients may know it.
func WriteFault(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	WriteProblem(w, r, Problem{Status: f.Kind.HTTPStatus(), Code: f.Kind.Code(), Detail: f.ClientMessage()})
}

// RefuseHeader answers 431 with the reason, for a request with a header that is too long.
func RefuseHeader(w http.ResponseWriter, r *http.Request, reason error) {
	WriteProblem(w, r, Problem{Status: http.StatusRequestHeaderFieldsTooLarge, Code: fault.BadUserInput.Code(), Detail: reason.Error()})
}
