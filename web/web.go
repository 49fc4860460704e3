// Package web holds the pages of the gateway as they were built from the
// folders beside it: see README.md there. What is built is committed, so that
// the binary is made by Go alone.
package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Playground is GraphiQL with a panel that shows how a query was answered.
func Playground() fs.FS { return sub("playground") }

// Docs shows the OpenAPI document at /openapi.json.
func Docs() fs.FS { return sub("docs") }

// Status is the page at the root.
func Status() fs.FS { return sub("status") }

// Example is the front end that shows how to use the gateway from one.
func Example() fs.FS { return sub("example") }

func sub(dir string) fs.FS {
	area, err := fs.Sub(dist, "dist/"+dir)
	if err != nil { // the name is one of the above
		panic(err)
	}
	return area
}
