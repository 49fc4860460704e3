package restservice

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// ResponseDocs documents the statuses that an operation may answer with.
type ResponseDocs map[int]string

// Route adds an operation to the service. answer returns the output, or an error of
// huma such as huma.Error404NotFound. answers need not have the statuses that every
// operation may answer with.
func Route[I, O any](s *Service, op huma.Operation, answers ResponseDocs, answer func(context.Context, *I) (*O, error)) {
	s.faults.routes = append(s.faults.routes, routeOf(&op))
	register(s.api, op, answers, answer)
}

func register[I, O any](api huma.API, op huma.Operation, answers ResponseDocs, answer func(context.Context, *I) (*O, error)) {
	// The body is here already (see jsonBody): neither its size nor its time is left to limit.
	op.MaxBodyBytes, op.BodyReadTimeout = -1, -1
	op.Responses = map[string]*huma.Response{"default": problem(api, "Any other failure.")}
	if _, takesBody := reflect.TypeFor[I]().FieldByName("Body"); takesBody {
		op.Responses["413"] = problem(api, fmt.Sprintf("The body has more than %d bytes.", maxBody))
		op.Responses["415"] = problem(api, "The body is not application/json.")
	}
	for status, meaning := range answers {
		if status < http.StatusBadRequest {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Description: meaning}
			continue
		}
		op.Responses[strconv.Itoa(status)] = problem(api, meaning)
	}
	huma.Register(api, op, answer)
}

// problem describes a response that is a problem document.
func problem(api huma.API, meaning string) *huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	return &huma.Response{
		Description: meaning,
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
}
