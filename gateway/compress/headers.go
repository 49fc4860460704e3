package compress

import (
	"net/http"
	"strings"
)

// headers puts the headers of an answer in order when its status is written.
type headers struct {
	http.ResponseWriter

	written bool
}

// Unwrap lets [http.ResponseController] find what the writer below can do.
func (w *headers) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *headers) WriteHeader(status int) {
	if !w.written && status >= http.StatusOK {
		w.written = true
		oneVary(w.Header())
		if w.Header().Get("Content-Encoding") != "" || status == http.StatusNotModified {
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

// oneVary puts what an answer varies by in one line, without repetitions.
func oneVary(h http.Header) {
	lines := h["Vary"]
	if len(lines) < 2 {
		return
	}
	var names []string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if !containsFold(names, name) {
				names = append(names, name)
			}
		}
	}
	h.Set("Vary", strings.Join(names, ", "))
}

func containsFold(list []string, s string) bool {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return true
		}
	}
	return false
}

// weaken makes an ETag one of all codings of an answer.
func weaken(h http.Header) {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
}
