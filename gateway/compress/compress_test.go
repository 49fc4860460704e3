package compress_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"tributary/gateway/compress"
)

var long = []byte(`{"text":"` + strings.Repeat("tributary ", compress.MinSize/10) + `"}`)

// get sends a request with headers in pairs to h.
func get(t *testing.T, h http.Handler, method string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/", http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func plain(t *testing.T, resp *http.Response) []byte {
	t.Helper()
	var r io.Reader = resp.Body
	switch resp.Header.Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func answering(body []byte, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		_, _ = w.Write(body)
	})
}

func TestCompress_Negotiation(t *testing.T) {
	body := compress.NewBody(long)
	for accept, want := range map[string]string{
		"":                                   "",
		"identity":                           "",
		"gzip":                               "gzip",
		"GZIP":                               "gzip",
		"zstd":                               "zstd",
		"gzip, zstd":                         "gzip",
		"gzip, deflate, br, zstd":            "gzip",
		"gzip, deflate, br":                  "gzip",
		"br, deflate":                        "",
		"gzip;q=1.0, zstd;q=0.5":             "gzip",
		"gzip; q=0.2, zstd; q=0.5":           "zstd",
		"gzip;q=0":                           "",
		"gzip;q=0, zstd;q=0":                 "",
		"*":                                  "gzip",
		"*;q=0":                              "",
		"zstd;q=0, *":                        "gzip",
		"gzip;q=0.5, identity":               "gzip",
		"gzip;q=0.5, identity;q=0.5":         "gzip",
		"gzip;q=junk":                        "",
		"gzip;q=2":                           "gzip",
		"identity;q=0":                       "",
		"identity;q=0, gzip;q=0, zstd;q=0.1": "zstd",
	} {
		t.Run(accept, func(t *testing.T) {
			var header []string
			if accept != "" {
				header = []string{"Accept-Encoding", accept}
			}
			cached := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				body.Write(w, r, http.StatusOK)
			})
			for name, h := range map[string]http.Handler{"fresh": answering(long), "cached": cached} {
				got := get(t, compress.Handler(h), http.MethodGet, header...)
				if coding := got.Header.Get("Content-Encoding"); coding != want || got.Header.Get("Vary") != "Accept-Encoding" {
					t.Errorf("%s: in %q, want %q; %v", name, coding, want, got.Header)
				}
				if !bytes.Equal(plain(t, got), long) {
					t.Errorf("%s: another body", name)
				}
			}
		})
	}
}

func TestCompress_Unchanged(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"a short answer": answering(long[:compress.MinSize-1]),
		"a short body": http.HandlerFunc(func(w http.ResponseWriter,
			r *http.Request) {
			compress.NewBody([]byte("{}")).Write(w, r, 200)
		}),
		"a picture":       answering(long, "Content-Type", "image/png"),
		"an odd type":     answering(long, "Content-Type", ";"),
		"something coded": answering(long, "Content-Encoding", "br"),
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "a picture") || name == "an odd type" {
				inner := h
				h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(last{w}, r) })
			}
			got := get(t, compress.Handler(h), http.MethodGet, "Accept-Encoding", "gzip, zstd")
			if c := got.Header.Get("Content-Encoding"); c != "" && c != "br" {
				t.Errorf("in %s", c)
			}
		})
	}
	if got := get(t, compress.Handler(answering(long)), http.MethodHead, "Accept-Encoding",
		"gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("compresses nothing")
	}
}

// last takes the last of several Content-Types.
type last struct{ http.ResponseWriter }

func (w last) Write(p []byte) (int, error) {
	types := w.Header()["Content-Type"]
	w.Header()["Content-Type"] = types[len(types)-1:]
	return w.ResponseWriter.Write(p)
}

func TestCompress_Streams(t *testing.T) {
	for _, media := range []string{"text/event-stream", `multipart/mixed; boundary="-"`} {
		next, second := make(chan struct{}), make(chan struct{})
		srv := httptest.NewServer(compress.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			for _, event := range []string{"one\n", "two\n"} {
				_, _ = io.WriteString(w, event)
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				<-next
			}
			close(second)
		})))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"one\n", "two\n"} {
			got := make([]byte, len(want))
			if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want || resp.Header.Get("Content-Encoding") != "" {
				t.Fatalf("%s: %q, %v, %v", media, got, err, resp.Header)
			}
			next <- struct{}{}
		}
		<-second
		_ = resp.Body.Close()
		srv.Close()
	}
}

func TestBody_CompressedOnce(t *testing.T) {
	body := compress.NewBody(long)
	for _, coding := range []compress.Encoding{compress.Gzip, compress.Zstd} {
		first, in := body.Encoded(coding)
		second, _ := body.Encoded(coding)
		if &first[0] != &second[0] || in != coding || len(first) >= len(long) {
			t.Errorf("%s: compressed twice, or not at all", coding)
		}
	}
	if got, in := body.Encoded("br"); in != compress.Identity || &got[0] != &long[0] {
		t.Error("an unknown coding")
	}
}

// A body that does not become shorter is sent as it is, and takes no memory twice.
func TestBody_DoesNotBecomeLonger(t *testing.T) {
	random := make([]byte, 100<<10)
	_, _ = rand.Read(random) // it never fails
	b := compress.NewBody(random)
	for _, coding := range []compress.Encoding{compress.Gzip, compress.Zstd} {
		if got, in := b.Encoded(coding); in != compress.Identity || !bytes.Equal(got, random) {
			t.Errorf("%s: %d bytes of %d in %s", coding, len(got), len(random), in)
		}
	}
}
