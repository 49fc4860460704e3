package graph

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed examples
var examples embed.FS

// An Example is an operation to try in the playground, with the data of the example
// services.
type Example struct {
	Query     string `json:"query"`
	Variables string `json:"variables"` // JSON
}

// Examples returns those in examples/, in order of their file names.
func Examples() []Example {
	names, err := fs.Glob(examples, "examples/*.graphql")
	if err != nil { // the pattern is right
		panic(err)
	}
	all := make([]Example, len(names))
	for i, name := range names {
		all[i] = Example{text(name), text(strings.TrimSuffix(name, ".graphql") + ".json")}
	}
	return all
}

func text(name string) string {
	b, err := examples.ReadFile(name)
	if err != nil { // every example has both files
		panic(err)
	}
	return string(b)
}
