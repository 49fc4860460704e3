// Package pages serves the web pages embedded in the binary: status page,
// playground, REST documentation, example front end. They load nothing from other
// origins, which a Content-Security-Policy enforces.
package pages

import (
	"bytes"
	"compress/gzip"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"

	"tributary/gateway/compress"
)

// Policies of pages, by what their pages do. All talk to their own server only.
const (
	// Strict is for pages of plain markup, style sheets and scripts.
	Strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " + commonPolicy
	// Styled is for pages whose libraries set inline styles, use icon fonts and start workers.
	Styled = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; " + commonPolicy

	commonPolicy = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// A Site is an HTML page with the files that it loads.
type Site struct {
	// Files has the template index.html and gzipped files with a hash of their content in their
	// names.
	Files fs.FS
	// Policy is the Content-Security-Policy of the page.
	Policy string
	// Data is what the template of the page is given. The page is rendered once.
	Data any
}

// Page returns the handler of the page itself.
func (s Site) Page() (http.HandlerFunc, error) {
	tmpl, err := template.ParseFS(s.Files, "index.html")
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := tmpl.Execute(&page, s.Data); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", s.Policy)
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write(page.Bytes())
	}, nil
}

// types has the media types of the files of pages. Those of the operating system differ between
// machines.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".ttf": "font/ttf",
}

// File serves the file named by the last segment of the path. It may be cached for
// ever, because its name contains a hash of its content. Clients that do not accept
// gzip get it uncompressed.
func (s Site) File(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	content, known := types[path.Ext(name)]
	packed, err := fs.ReadFile(s.Files, name+".gz")
	if !known || err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", content)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if compress.Quality(r.Header, compress.Gzip) > 0 {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed) //nolint:gosec // our own file
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		_, _ = io.Copy(w, plain) //nolint:gosec // our own file, of a size that was seen when it was built
	}
}
