package admin

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"tributary/gateway/httpserver"
)

var errNotOneObject = errors.New("not one JSON object of these members")

// decode reads a body that is one JSON object with the members that in has, and
// nothing beside.
func decode(body io.Reader, in any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return errNotOneObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errNotOneObject
	}
	return nil
}

// requireJSON reports whether a request has a JSON body, and rejects it otherwise. Pages of other
// origins cannot send JSON without a preflight request.
func requireJSON(w http.ResponseWriter, r *http.Request) bool {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && media == "application/json" {
		return true
	}
	httpserver.WriteProblem(w, r, httpserver.Problem{
		Status: http.StatusUnsupportedMediaType, Code: "BAD_USER_INPUT", Detail: "the body must be application/json"})
	return false
}

func writeBadBody(w http.ResponseWriter, r *http.Request, err error) {
	httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusBadRequest, Code: "BAD_USER_INPUT", Detail: err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
