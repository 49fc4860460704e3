// Package compress compresses responses by zstd (RFC 8878) or gzip (RFC 1952),
// negotiated by Accept-Encoding.
package compress

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// MinSize is the size in bytes below which responses are not compressed.
const MinSize = 1 << 10

// Handler compresses the responses of next that have a textual media type and at
// least [MinSize] bytes. Event streams and multipart responses are not
// compressed, nor are those with a Content-Encoding of their own, such as a
// [Body].
//
// A strong ETag becomes weak, because it would stand for several encodings (RFC
// 9110, section 8.8.3.3); If-None-Match compares weakly anyway. This applies to
// every client that accepts compression, even if the response is too short for
// it: a 304 has no body to decide by, and must have the ETag of its 200 (section
// 15.4.5). The Vary fields of all handlers are merged into one line.
func Handler(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(MinSize),
		gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.ContentTypeFilter(compressible),
	)
	if err != nil { // these options are good
		panic(err)
	}
	compressed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		coding := Negotiate(r.Header)
		out := &headers{ResponseWriter: w, coded: coding != Identity}
		if coding == Identity {
			r.Header.Del("Accept-Encoding")
			w.Header().Add("Vary", "Accept-Encoding")
			next.ServeHTTP(out, r)
			return
		}
		// All that follows sees the one coding that was chosen.
		r.Header.Set("Accept-Encoding", string(coding))
		compressed(out, r)
	})
}

// compressible reports whether a media type is textual and not a stream.
func compressible(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media == "text/event-stream" {
		return false
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/wasm", "application/yaml"}, media)
}
