// Package example holds the front end that shows how to use the gateway from one, as it
// was built from this folder. What is built is committed, so that the binary is made by
// Go alone.
package example

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files has index.html and the files that it loads.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the name is valid
		panic(err)
	}
	return files
}
