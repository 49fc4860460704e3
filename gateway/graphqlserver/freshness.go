package graphqlserver

import (
	"strconv"
	"time"

	"tributary/gateway/httpserver"
	"tributary/gateway/internal/digest"
)

// addFreshness sets Age and Cache-Control (RFC 9111) and Cache-Status (RFC 9211).
// The response to a GET may be cached for as long as the gateway itself keeps it.
// That to a POST is no-store, because its cache key would be the request's body,
// which RFC 9111, section 3, does not provide for.
func addFreshness(f *httpserver.Fields, get bool, r *Result, now time.Time) {
	var value [64]byte
	if r.Data != nil {
		f.Add("Cache-Status", r.AppendCacheStatus(value[:0], now))
	}
	if !r.Summary.Oldest.IsZero() {
		f.Add("Age", strconv.AppendInt(value[:0], int64(r.Summary.Age(now).Seconds()), 10))
	}
	if !get || r.kept == nil {
		f.Add("Cache-Control", []byte("no-store"))
		return
	}
	scope := "private"
	if r.kept.public {
		scope = "public"
	}
	f.Add("Cache-Control", strconv.AppendInt(append(append(value[:0], scope...), ", max-age="...), int64(max(0, r.Summary.Left(now))), 10))
}

// AppendCacheStatus appends the value of the Cache-Status header (RFC 9211) at now.
func (r *Result) AppendCacheStatus(b []byte, now time.Time) []byte {
	return r.Summary.AppendCacheStatus(b, now, r.stored)
}

// etag returns a weak ETag: bodies are compressed. It differs by media type, though the body is the same.
func (k *kept) etag(media string) string {
	k.tagged.Do(func() {
		k.tag = digest.Of(k.body.Bytes()).Base64(18)
	})
	if media == mediaGraphQL {
		return `W/"` + k.tag + `-graphql"`
	}
	return `W/"` + k.tag + `"`
}
