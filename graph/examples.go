package graph

import (
	"embed"
	"io/fs"
)

//go:embed examples
var examples embed.FS

// Examples has operations to try in the playground, with the data of the example
// services: NAME.graphql, and NAME.json with the variables.
func Examples() fs.FS { return must(fs.Sub(examples, "examples")) }
