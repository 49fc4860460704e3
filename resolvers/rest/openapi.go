package rest

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the REST endpoint, in YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte
