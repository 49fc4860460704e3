package httpserver

import (
	"net/http"
	"strings"
)

// Fields collects up to eight header fields, so that setting them takes two
// allocations in total instead of two for each. The zero value is empty.
type Fields struct {
	text  strings.Builder // of all values, one after the other
	n     int
	names [8]string
	ends  [8]int // of the values in text
}

// aboutText is for how many bytes of values there is room at first.
const aboutText = 160

// Add adds a field. The name must be in canonical form: Etag, not ETag.
func (f *Fields) Add(name string, value []byte) {
	if f.n == 0 {
		f.text.Grow(aboutText)
	}
	f.text.Write(value)
	f.names[f.n], f.ends[f.n] = name, f.text.Len()
	f.n++
}

// Set sets the fields in h.
func (f *Fields) Set(h http.Header) {
	text, start := f.text.String(), 0
	values := make([]string, f.n)
	for i, name := range f.names[:f.n] {
		values[i] = text[start:f.ends[i]]
		h[name] = values[i : i+1 : i+1]
		start = f.ends[i]
	}
}
