package restservicetest

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/yaml"

	"tributary/services/restservice"
)

// A flag of go test must be a package variable.
var update = flag.Bool("update", false, "write the OpenAPI documents as the services serve them")

const header = "# Made from the code of the service: go test ./services/... -run TestService -update\n"

// document compares the file with what the service serves, with and without faults.
func (s Suite) document(t *testing.T) {
	for _, faults := range []bool{false, true} {
		srv := Start(t, s.New(restservice.Options{Faults: faults}))
		got := bytes.NewBufferString(header)
		if err := yaml.Convert(got, strings.NewReader(Send(t, srv, http.MethodGet, "/openapi.json", "").Body)); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(s.Document, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(s.Document)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s differs from what the service serves (faults: %t); if that is meant, run this test with -update",
				s.Document, faults)
		}
	}
}

// described looks for descriptions where readers of a document do.
func (s Suite) described(t *testing.T) {
	doc := s.New(restservice.Options{}).OpenAPI()
	for path, item := range doc.Paths {
		for method, op := range operations(item) {
			if op.Summary == "" || op.Description == "" || op.OperationID == "" {
				t.Errorf("%s %s has no id, summary or description", method, path)
			}
			for status, answer := range op.Responses {
				if answer.Description == "" || answer.Description == http.StatusText(statusOf(status)) {
					t.Errorf("%s %s: the answer %s says nothing of its own", method, path, status)
				}
			}
		}
	}
	for name, schema := range doc.Components.Schemas.Map() {
		for field, property := range schema.Properties {
			if property.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
		}
	}
}

func operations(item *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodDelete: item.Delete,
		http.MethodPatch: item.Patch,
	}
	for method, op := range all {
		if op == nil {
			delete(all, method)
		}
	}
	return all
}
