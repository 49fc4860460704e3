package restservicetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
)

// responses sends the requests of the suite and validates each response against the document.
func (s Suite) responses(t *testing.T) {
	service := s.New(restservice.Options{})
	srv := Start(t, service)
	doc := service.OpenAPI()
	for _, ask := range append(s.Requests, Request{Name: "tells its health", Route: "GET /health", Path: "/health",
		Status: http.StatusOK}) {
		t.Run(ask.Name, func(t *testing.T) {
			method, _, _ := strings.Cut(ask.Route, " ")
			got := SendType(t, srv, method, ask.Path, cmp.Or(ask.Type, "application/json"), ask.Body)
			if got.StatusCode != ask.Status {
				t.Fatalf("answers %d, want %d: %s", got.StatusCode, ask.Status, got.Body)
			}
			var body any
			if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
				t.Fatalf("answers %q: %v", got.Body, err)
			}
			for _, complaint := range violations(doc, ask, got.Header.Get("Content-Type"), body) {
				t.Error(complaint)
			}
			var want any
			if ask.Want != "" && (json.Unmarshal([]byte(ask.Want), &want) != nil || !reflect.DeepEqual(body, want)) {
				t.Errorf("answers %s\nwant %s", got.Body, ask.Want)
			}
		})
	}
	for path, item := range doc.Paths {
		for method := range operations(item) {
			if route := method + " " + path; path != "/_faults" && path != "/health" && !s.hasRequest(route) {
				t.Errorf("no ask is about %s with a status below 300", route)
			}
		}
	}
}

func (s Suite) hasRequest(route string) bool {
	for _, ask := range s.Requests {
		if ask.Route == route && ask.Status < http.StatusMultipleChoices {
			return true
		}
	}
	return false
}

// violations says where an answer is not as documented.
func violations(doc *huma.OpenAPI, ask Request, mediaType string, body any) []string {
	method, path, _ := strings.Cut(ask.Route, " ")
	item := doc.Paths[path]
	if item == nil || operations(item)[method] == nil {
		return []string{ask.Route + " is not in the document"}
	}
	answer := operations(item)[method].Responses[strconv.Itoa(ask.Status)]
	if answer == nil {
		return []string{fmt.Sprintf("the document has no %d for %s", ask.Status, ask.Route)}
	}
	media := answer.Content[mediaType]
	if media == nil {
		return []string{fmt.Sprintf("the document has no %s for %s", mediaType, ask.Route)}
	}
	types := doc.Components.Schemas
	var res huma.ValidateResult
	huma.Validate(types, media.Schema, huma.NewPathBuffer([]byte("answer"), 0), huma.ModeReadFromServer, body, &res)
	complaints := undocumented(types, media.Schema, "answer", body)
	for _, err := range res.Errors {
		complaints = append(complaints, err.Error())
	}
	return complaints
}

// undocumented lists the fields of an answer that the document does not have,
// which it allows: a service may grow, but not in secret.
func undocumented(types huma.Registry, s *huma.Schema, place string, v any) (fields []string) {
	for s.Ref != "" {
		s = types.SchemaFromRef(s.Ref)
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			fields = append(fields, undocumented(types, s.Items, fmt.Sprintf("%s[%d]", place, i), item)...)
		}
	case map[string]any:
		for name, field := range v {
			property := s.Properties[name]
			if property == nil {
				fields = append(fields, place+"."+name+" is not in the document")
				continue
			}
			fields = append(fields, undocumented(types, property, place+"."+name, field)...)
		}
	}
	return fields
}

// statusOf is the status that a key of a document's answers stands for, 0 for "default".
func statusOf(key string) int {
	status, _ := strconv.Atoi(key)
	return status
}
