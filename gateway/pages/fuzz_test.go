package pages_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whatever a browser says that it takes, it gets the file, and packed only if
// it has named that coding or all.
func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"", "gzip", "br, gzip;q=0.5", "gzip;q=0", "*;q=0.000", "x-gzip", ";;q=,*", "identity;q=1, *;q=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		w := get(site(t).File, "/playground/app-1.js", "Accept-Encoding", accept)
		body := io.Reader(w.Body)
		if w.Header().Get("Content-Encoding") == "gzip" {
			if names := strings.ToLower(accept); !strings.Contains(names, "gzip") && !strings.Contains(names, "*") {
				t.Errorf("it is packed for %q", accept)
			}
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); w.Code != http.StatusOK || err != nil || string(text) != "alert(1)" {
			t.Errorf("%d, %q (%v) for %q", w.Code, text, err, accept)
		}
	})
}
