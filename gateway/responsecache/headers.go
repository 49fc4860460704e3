package responsecache

import (
	"strconv"
	"sync"
	"time"

	"tributary/gateway/compress"
	"tributary/gateway/httpserver"
	"tributary/gateway/internal/digest"
	"tributary/gateway/report"
)

// Body is the body of a cached response. All requests that are served from it share it.
type Body struct {
	*compress.Body

	public bool // shared caches may store it
	tagged sync.Once
	tag    string
}

// NewBody returns the body of a response. It is public if shared caches may store it.
func NewBody(content []byte, public bool) *Body {
	return &Body{Body: compress.NewBody(content), public: public}
}

// ETag returns a weak ETag, because bodies are compressed. Representations of the same body in
// other media types have other suffixes.
func (b *Body) ETag(suffix string) string {
	b.tagged.Do(func() { b.tag = digest.Of(b.Bytes()).Base64(18) })
	return `W/"` + b.tag + suffix + `"`
}

// AddHeaders adds Age and Cache-Control (RFC 9111) of a response with data from s. The
// response to a GET may be cached for as long as the gateway itself caches it; body is nil if
// it does not. That to a POST is no-store, because its cache key would be the body of the
// request, which RFC 9111, section 3, does not provide for.
func AddHeaders(f *httpserver.Fields, get bool, s *report.Summary, body *Body, now time.Time) {
	var value [64]byte
	if !s.Oldest.IsZero() {
		f.Add("Age", strconv.AppendInt(value[:0], int64(s.Age(now).Seconds()), 10))
	}
	if !get || body == nil {
		f.Add("Cache-Control", []byte("no-store"))
		return
	}
	scope := "private"
	if body.public {
		scope = "public"
	}
	f.Add("Cache-Control", strconv.AppendInt(append(append(value[:0], scope...), ", max-age="...), int64(max(0, s.Left(now))), 10))
}
