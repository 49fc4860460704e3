package httpserver

import (
	"encoding/json"
	"net/http"

	"tributary/gateway/fault"
)

// Problem is an error answer after RFC 9457, with the code of the failure and
// the id under which the log tells more.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	RequestID string `json:"request_id,omitempty"`
}

// WriteProblem answers with p. Status and code are required; the rest is filled in.
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

// WriteFault answers with what a client may know of err.
func WriteFault(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	WriteProblem(w, r, Problem{Status: f.Kind.HTTPStatus(), Code: f.Kind.Code(), Detail: f.Public()})
}
