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
// [Body]. It adds a line to Vary.
//
// An ETag must be weak, because it stands for all codings of a response (RFC 9110,
// section 8.8.3.3).
func Handler(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(MinSize),
		gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.ContentTypeFilter(compressible),
		gzhttp.PreferZstd(false),
		gzhttp.AcceptWildcards(true),
	)
	if err != nil { // these options are good
		panic(err)
	}
	return wrap(next)
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
