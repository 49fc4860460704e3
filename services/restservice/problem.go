package restservice

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
)

// Problem describes [httpserver.Problem] in the OpenAPI document.
type Problem struct {
	Type      string `json:"type" format:"uri-reference" doc:"The kind of problem as a URI; about:blank where the status says all." example:"about:blank"`
	Title     string `json:"title" doc:"The kind of problem in words, the same for all of its kind." example:"Not Found"`
	Status    int    `json:"status" doc:"The HTTP status." minimum:"400" maximum:"599" example:"404"`
	Detail    string `json:"detail,omitempty" doc:"What is wrong with this request; names the field concerned." example:"no user has this id"`
	Code      string `json:"code" doc:"The kind of problem for programs." example:"NOT_FOUND"`
	RequestID string `json:"request_id,omitempty" doc:"The id under which the log tells more."`

	Errors []httpserver.ProblemError `json:"errors,omitempty" nullable:"false" doc:"What is wrong, by member of the body."`
}

// ProblemError describes [httpserver.ProblemError] in the OpenAPI document.
type ProblemError struct {
	Detail  string `json:"detail" doc:"What is wrong with the member." example:"expected string to be RFC 5322 email"`
	Pointer string `json:"pointer" doc:"The member, as a JSON Pointer in a URI fragment (RFC 6901)." example:"#/email"`
}

var _ = ProblemError(httpserver.ProblemError{})

// The conversions compile only while both types have the same fields.
var _ = Problem(httpserver.Problem{})

// maxErrorDetails is the maximum number of mistakes named in a problem.
const maxErrorDetails = 5

// toProblem converts huma's errors to problem documents. It does not use huma.NewError,
// because that variable is shared by all APIs of the process.
func toProblem(ctx huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := documentedStatus(ctx.Operation(), e.Status)
	ctx.SetHeader("Cache-Control", "no-store")
	return httpserver.Problem{
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    detail(e),
		Code:      codeOf(status),
		RequestID: httpserver.RequestID(ctx.Context()),
		Errors:    memberErrors(status, e),
	}, nil
}

// memberErrors returns the errors of members of the body, at most one per member. Only responses
// with status 422 have them: those of operations with input from forms.
func memberErrors(status int, e *huma.ErrorModel) (all []httpserver.ProblemError) {
	if status != http.StatusUnprocessableEntity {
		return nil
	}
	named := map[string]bool{}
	for _, d := range e.Errors {
		member, ok := strings.CutPrefix(d.Location, "body.")
		if !ok || named[member] || len(all) == maxErrorDetails {
			continue
		}
		named[member] = true
		all = append(all, httpserver.ProblemError{Detail: d.Message, Pointer: "#/" + pointerOf.Replace(member)})
	}
	return all
}

// pointerOf converts a location of huma such as items[0].price. The names of members
// need no escaping.
var pointerOf = strings.NewReplacer(".", "/", "[", "/", "]", "")

// detail lists the mistakes by location, the first one of each. It contains neither values
// nor the causes of internal errors.
func detail(e *huma.ErrorModel) string {
	if e.Status >= http.StatusInternalServerError {
		return ""
	}
	if len(e.Errors) == 0 {
		return e.Detail
	}
	var parts []string
	told := map[string]bool{}
	for _, d := range e.Errors {
		if !told[d.Location] && len(parts) < maxErrorDetails {
			told[d.Location] = true
			parts = append(parts, d.Location+": "+d.Message)
		}
	}
	return strings.Join(parts, "; ")
}

// codeOf returns the code of a status, the gateway's own if there is one.
func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return fault.BadUserInput.Code()
	case http.StatusInternalServerError:
		return fault.Internal.Code()
	}
	name := http.StatusText(status)
	if name == "" {
		return "ERROR"
	}
	return strings.NewReplacer(" ", "_", "-", "_", "'", "").Replace(strings.ToUpper(name))
}

// documentedStatus returns the status for an error of huma, which uses 422 for well-formed but
// invalid input. Operations that do not document 422 use 400 for every bad request.
func documentedStatus(op *huma.Operation, status int) int {
	if status == http.StatusUnprocessableEntity && op.Responses["422"] == nil {
		return http.StatusBadRequest
	}
	return status
}

// statusContext is huma's context with the statuses of honest.
type statusContext struct{ humaContext }

type humaContext huma.Context // embedded under a name other than that of its method Context

// SetStatus writes the head of the answer.
func (c statusContext) SetStatus(status int) {
	c.humaContext.SetStatus(documentedStatus(c.Operation(), status))
}
