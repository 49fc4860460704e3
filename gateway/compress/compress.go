// Package compress makes answers smaller for clients that say they can undo
// it: by zstd (RFC 8878) or gzip (RFC 1952), negotiated by Accept-Encoding.
package compress

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// MinSize is how many bytes an answer has for which compression pays.
const MinSize = 1 << 10

// Handler compresses what next answers, when it has [MinSize] bytes and is
// text of a kind. Events and parts that are sent one by one are left alone, and
// so is what has a Content-Encoding already, like a [Body].
//
// Codings of an answer are the same for a client that has it: its strong ETag
// becomes a weak one (RFC 9110, section 8.8.3.3), which If-None-Match compares
// as well. It does so for whoever takes a coding, however short the answer: a
// 304 has no body to tell by, and must have the ETag of its 200 (15.4.5). All of
// Vary is put in one line, in place of one by each handler.
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

// compressible tells whether a media type is of text that is sent as a whole.
func compressible(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media == "text/event-stream" {
		return false
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/wasm", "application/yaml"}, media)
}
