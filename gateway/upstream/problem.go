package upstream

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tributary/gateway/fault"
	"tributary/gateway/internal/truncate"
)

// Limits of a problem, in bytes.
const (
	maxProblemText   = 1 << 10 // of its title and of its detail
	maxProblemErrors = 16 << 10
)

// problemOf returns what clients may know of a service's reason to refuse a write, or nil if
// the status is not one whose reason concerns them.
func problemOf(got reply) *fault.Problem {
	if !concernsClients(got.status) {
		return nil
	}
	p := &fault.Problem{Status: got.status}
	if !isJSONMedia(got.header.Get("Content-Type")) {
		return p
	}
	var sent map[string]json.RawMessage
	value := jsontext.Value(got.body)
	if !value.IsValid() || json.Unmarshal(value, &sent) != nil {
		return p
	}
	p.Title, p.Detail = problemText(sent["title"]), problemText(sent["detail"])
	if errs := sent["errors"]; len(errs) > 0 && len(errs) <= maxProblemErrors && (errs[0] == '[' || errs[0] == '{') {
		p.Errors = errs
	}
	return p
}

// concernsClients reports whether a status refuses a write for a reason that concerns its
// client, and says nothing about the service.
func concernsClients(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// isJSONMedia reports whether a media type is JSON, or based on it (RFC 6839).
func isJSONMedia(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json"))
}

// problemText returns a text of a problem, cut to its limit; "" if it is none.
func problemText(member json.RawMessage) string {
	var text string
	if json.Unmarshal(member, &text) != nil {
		return ""
	}
	return truncate.String(text, maxProblemText)
}
