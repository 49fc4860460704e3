package restservice

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/httpserver"
	"tributary/gateway/scalar"
)

// config is huma's default without pages that load from other origins, documents in other
// versions, and $schema in every response.
func config(info Info) huma.Config {
	types := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	alias[scalar.Decimal, decimal](types)
	alias[scalar.DateTime, dateTime](types)
	alias[huma.ErrorModel, Problem](types)
	alias[httpserver.ProblemError, ProblemError](types)
	cfg := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Info:       &huma.Info{Title: info.Title, Version: info.Version, Description: info.Description},
			Components: &huma.Components{Schemas: types},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{toProblem},
	}
	// Unknown members are ignored in requests, as clients ignore them in responses.
	cfg.AllowAdditionalPropertiesByDefault = true
	return cfg
}

// alias uses Doc in place of T in documents.
func alias[T, Doc any](types huma.Registry) {
	types.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[Doc]())
}

// decimal is the schema of a scalar.Decimal.
type decimal struct{}

// Schema is that of an exact decimal number.
func (decimal) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber}
}

// dateTime is the schema of a scalar.DateTime.
type dateTime struct{}

// Schema is that of an RFC 3339 string.
func (dateTime) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}
