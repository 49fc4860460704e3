package pages

import (
	"embed"
	"io/fs"
)

// dist has the pages of every gateway, built by make pages from the folders of the same
// names in web/.
//
//go:embed dist
var dist embed.FS

// Playground has the files of GraphiQL with a panel that shows how a query was answered.
func Playground() fs.FS { return builtIn("playground") }

// Docs has the files of the viewer of the OpenAPI document at /openapi.json.
func Docs() fs.FS { return builtIn("docs") }

// Status has the files of the page at the root.
func Status() fs.FS { return builtIn("status") }

func builtIn(name string) fs.FS {
	files, err := fs.Sub(dist, "dist/"+name)
	if err != nil { // the name is valid
		panic(err)
	}
	return files
}
