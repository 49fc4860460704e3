// Package graph is the contract with the clients: the schema, the operations
// that the gateway itself runs, and what gqlgen makes of the schema. The types
// in it are those of the services.
package graph

//go:generate go run tributary/internal/lean .

import (
	"embed"
	"strings"

	"github.com/vektah/gqlparser/v2/formatter"
)

// RESTProfile is the operation behind GET /api/profile/{id}.
//
//go:embed operations/profile.graphql
var RESTProfile string

//go:embed operations/*.graphql
var operations embed.FS

// Operations are the documents that the gateway itself runs.
func Operations() []string {
	files := must(operations.ReadDir("operations"))
	texts := make([]string, len(files))
	for i, f := range files {
		texts[i] = string(must(operations.ReadFile("operations/" + f.Name())))
	}
	return texts
}

// must gives what cannot fail: the files are part of the program.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// Profile stands for all that belongs to one user. It holds nothing but whose
// it is: its fields are loaded each by itself.
type Profile struct {
	UserID string
}

// SDL is the schema as one document, without extensions and built-in types.
func SDL() string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(NewExecutableSchema(Config{}).Schema())
	return b.String()
}
