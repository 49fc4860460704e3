package rest

import (
	_ "embed"
	"net/http"

	"github.com/goccy/go-yaml"
)

//go:embed openapi.yaml
var document []byte

// OpenAPI returns a handler that serves the OpenAPI 3.1 document of the REST endpoint
// as JSON.
func OpenAPI() (http.Handler, error) {
	text, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text)
	}), nil
}
