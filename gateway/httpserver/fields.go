package httpserver

import (
	"net/http"
	"strings"
)

// Fields are header fields that an answer sets together: the values take two
// allocations for all of them, and not two for each. The zero value has none.
// There is room for eight.
type Fields struct {
	text  strings.Builder // of all values, one after the other
	n     int
	names [8]string
	ends  [8]int // of the values in text
}

// aboutText is for how many bytes of values there is room at first.
const aboutText = 160

// Add adds a field. Name is in canonical form: Etag, and not ETag.
func (f *Fields) Add(name string, value []byte) {
	if f.n == 0 {
		f.text.Grow(aboutText)
	}
	f.text.Write(value)
	f.names[f.n], f.ends[f.n] = name, f.text.Len()
	f.n++
}

// Set sets the fields in a header.
func (f *Fields) Set(h http.Header) {
	text, start := f.text.String(), 0
	values := make([]string, f.n)
	for i, name := range f.names[:f.n] {
		values[i] = text[start:f.ends[i]]
		h[name] = values[i : i+1 : i+1]
		start = f.ends[i]
	}
}
