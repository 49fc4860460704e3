package pages_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"tributary/gateway/pages"
)

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func site(t testing.TB) pages.Site {
	t.Helper()
	return pages.Site{
		Policy: pages.Strict,
		Data:   map[string]string{"query": "</script><b>"},
		Files: fstest.MapFS{
			"index.html":  {Data: []byte(`<!doctype html><script id="config" type="application/json">{{.}}</script>`)},
			"app-1.js.gz": {Data: packed(t, "alert(1)")},
			"secret.txt":  {Data: []byte("secret")},
		},
	}
}

func get(h http.HandlerFunc, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h(w, r)
	return w
}

func TestSite_PageData(t *testing.T) {
	page, err := site(t).Page()
	if err != nil {
		t.Fatal(err)
	}
	w := get(page, "/")
	if body := w.Body.String(); !strings.Contains(body, `{"query":"\u003c/script\u003e`) {
		t.Errorf("the data breaks out of the page: %s", body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": pages.Strict, "Cache-Control": "no-cache",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestSite_ContentSecurityPolicy(t *testing.T) {
	for _, policy := range []string{pages.Strict, pages.Styled} {
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "*") ||
			strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "script-src 'self' '") {
			t.Errorf("policy %s", policy)
		}
	}
}

func TestSite_Assets(t *testing.T) {
	for accept, want := range map[string]string{
		"gzip, deflate, br": "gzip", "br;q=1, *;q=0.1": "gzip", "GZIP": "gzip",
		"": "", "br": "", "gzip;q=0": "", "gzip; q=0.0": "", "*;q=0": "", "identity": "",
	} {
		t.Run(accept, func(t *testing.T) {
			w := get(site(t).File, "/playground/app-1.js", "Accept-Encoding", accept)
			if got := w.Header().Get("Content-Encoding"); got != want {
				t.Fatalf("Content-Encoding %q, want %q", got, want)
			}
			var body io.Reader = w.Body
			if want == "gzip" {
				var err error
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			if text, err := io.ReadAll(body); err != nil || string(text) != "alert(1)" {
				t.Errorf("got %q, %v", text, err)
			}
			if got := w.Header(); got.Get("Content-Type") != "text/javascript; charset=utf-8" ||
				!strings.Contains(got.Get("Cache-Control"), "immutable") || got.Get("Vary") != "Accept-Encoding" {
				t.Errorf("headers %v", got)
			}
		})
	}
}

func TestSite_NotFound(t *testing.T) {
	for _, target := range []string{"/playground/app-2.js", "/playground/index.html", "/playground/secret.txt",
		"/playground/", "/playground/..%2fapp-1.js.gz"} {
		if w := get(site(t).File, target); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", target, w.Code)
		}
	}
}
