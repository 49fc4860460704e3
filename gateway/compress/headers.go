package compress

import (
	"bytes"
	"net/http"
	"strings"
)

// headers adjusts the headers of a response when its status is written.
type headers struct {
	http.ResponseWriter

	coded   bool // the answer may have a coding: whether it has one must not show in the ETag
	written bool
}

// Unwrap lets [http.ResponseController] find what the writer below can do.
func (w *headers) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *headers) WriteHeader(status int) {
	if !w.written && status >= http.StatusOK {
		w.written = true
		oneVary(w.Header())
		if w.coded || w.Header().Get("Content-Encoding") != "" {
			weaken(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *headers) Write(p []byte) (int, error) {
	if !w.written {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// oneVary merges the Vary fields into one line without duplicates.
func oneVary(h http.Header) {
	lines := h["Vary"]
	if len(lines) < 2 {
		return
	}
	var most [128]byte // so that the usual ones are put together without an allocation
	names := most[:0]
	for _, line := range lines {
		names = appendNames(names, line)
	}
	h["Vary"] = append(lines[:0], string(names))
}

// appendNames appends the names of a list that are not in names yet.
func appendNames(names []byte, list string) []byte {
	for more := true; more; {
		var name string
		name, list, more = strings.Cut(list, ",")
		name = strings.TrimSpace(name)
		switch {
		case len(names) == 0:
			names = append(names, name...)
		case !hasName(names, name):
			names = append(append(names, ", "...), name...)
		}
	}
	return names
}

// hasName tells whether a name is in a list that [appendNames] has written.
func hasName(list []byte, name string) bool {
	for len(list) > 0 {
		have, rest, _ := bytes.Cut(list, []byte(", "))
		if strings.EqualFold(string(have), name) {
			return true
		}
		list = rest
	}
	return false
}

// weaken makes a strong ETag weak, because it stands for all codings of a response.
func weaken(h http.Header) {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
}
