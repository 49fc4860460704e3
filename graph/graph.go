// Package graph is the contract with clients: the schema, the operations that the
// gateway itself runs, and the code that gqlgen generates from the schema, which binds
// to the types of the services.
package graph

import "embed"

// RESTProfile is the operation behind GET /api/profile/{id}.
//
//go:embed operations/profile.graphql
var RESTProfile string

//go:embed operations/*.graphql
var operations embed.FS

// Operations returns the documents that the gateway itself runs.
func Operations() []string {
	files := must(operations.ReadDir("operations"))
	texts := make([]string, len(files))
	for i, f := range files {
		texts[i] = string(must(operations.ReadFile("operations/" + f.Name())))
	}
	return texts
}

// must panics on errors that cannot happen, because the files are embedded.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// Profile is a user with everything that belongs to them. It holds only the user's id:
// each of its fields is loaded separately.
type Profile struct {
	UserID string
}
