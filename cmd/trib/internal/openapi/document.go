// Package openapi reads OpenAPI documents: 3.0, 3.1 and Swagger 2.0, in JSON or YAML.
//
// It reads what is needed to call operations and to decode their responses, and nothing
// else: documents that do not validate, or have references that lead nowhere, can be read
// as long as the operations in question do not depend on the mistakes. Members keep the
// order of the document.
package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A Document is an OpenAPI document.
type Document struct {
	File       string
	Title      string
	URL        string // the base URL, without a trailing slash; "" if the document has none
	Operations []*Operation

	root    object
	files   map[string]object  // those that references lead to, by their path
	schemas map[string]*Schema // by reference
	queue   []*Schema          // those that are to be read
	version string
}

// Load reads a document, or the one that an OpenAPI Overlay extends, with its changes. The
// error is one line that begins with the file, and with the line of a mistake in its syntax.
func Load(file string) (*Document, error) {
	d := &Document{File: file, files: map[string]object{}, schemas: map[string]*Schema{}}
	root, err := d.load(file)
	if err != nil {
		return nil, err
	}
	if root.get("overlay") != nil {
		if root, file, err = d.overlaid(root, file); err != nil {
			return nil, err
		}
		d.File = file
	}
	d.root = root
	d.version = fmt.Sprint(root.get("openapi"))
	if root.get("openapi") == nil {
		d.version = fmt.Sprint(root.get("swagger"))
	}
	if root.get("openapi") == nil && root.get("swagger") == nil {
		return nil, fmt.Errorf("%s: this is not an OpenAPI document: it has no openapi and no swagger", file)
	}
	d.Title = root.object("info").string("title")
	d.URL = d.baseURL()
	for _, path := range root.object("paths") {
		item, _ := d.resolve(path.value, file).(object)
		if strings.HasPrefix(path.name, "/") {
			d.readPath(path.name, item)
		}
	}
	return d, nil
}

func (d *Document) load(file string) (object, error) {
	text, err := os.ReadFile(file) //nolint:gosec // G304: the user names the document
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			return nil, fmt.Errorf("%s: %w", file, path.Err)
		}
		return nil, err
	}
	root, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	d.files[file] = root
	return root, nil
}

// swagger2 reports whether the document is of Swagger 2.0.
func (d *Document) swagger2() bool { return strings.HasPrefix(d.version, "2") }

// baseURL returns the URL of the first server, as far as the document says it.
func (d *Document) baseURL() string {
	if d.swagger2() {
		host, scheme := d.root.string("host"), "https"
		if schemes := d.root.list("schemes"); len(schemes) > 0 {
			scheme = fmt.Sprint(schemes[0])
		}
		if host == "" {
			return strings.TrimSuffix(d.root.string("basePath"), "/")
		}
		return scheme + "://" + host + strings.TrimSuffix(d.root.string("basePath"), "/")
	}
	servers := d.root.list("servers")
	if len(servers) == 0 {
		return ""
	}
	server, _ := servers[0].(object)
	base := server.string("url")
	for _, v := range server.object("variables") {
		variable, _ := v.value.(object)
		base = strings.ReplaceAll(base, "{"+v.name+"}", fmt.Sprint(variable.get("default")))
	}
	return strings.TrimSuffix(base, "/")
}

// resolve follows the reference that v is, if it is one. The result is nil if it leads
// nowhere.
func (d *Document) resolve(v any, file string) any {
	for range maxReferences {
		o, ok := v.(object)
		ref := o.string("$ref")
		if !ok || ref == "" {
			return v
		}
		v, file = d.lookUp(ref, file)
	}
	return nil
}

// maxReferences is how many references may lead to one another.
const maxReferences = 32

// lookUp returns what a reference leads to, and the file that it is in.
func (d *Document) lookUp(ref, file string) (any, string) {
	where, pointer, _ := strings.Cut(ref, "#")
	if where != "" {
		file = filepath.Join(filepath.Dir(file), filepath.FromSlash(where))
	}
	root := d.files[file]
	if root == nil {
		var err error
		if root, err = d.load(file); err != nil {
			return nil, file
		}
	}
	var v any = root
	for _, name := range strings.Split(pointer, "/")[1:] {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		o, ok := v.(object)
		if !ok {
			return nil, file
		}
		v = o.get(name)
	}
	return v, file
}
