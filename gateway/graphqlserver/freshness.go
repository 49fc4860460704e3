package graphqlserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// writeFreshness tells after RFC 9111 and RFC 9211 how old a result is and
// where it came from, and to a GET how long it may be kept: as long as the
// gateway itself keeps it. The answer to a POST says no-store: by section 3 of
// RFC 9111 nobody could find it again, for it is named by the request's body.
func writeFreshness(h http.Header, get bool, media string, r *Result, now time.Time) {
	if r.Data != nil {
		h.Set("Cache-Status", r.CacheStatus(now))
	}
	if !r.Summary.Oldest.IsZero() {
		h.Set("Age", strconv.Itoa(int(r.Summary.Age(now).Seconds())))
	}
	if !get || r.kept == nil {
		h.Set("Cache-Control", "no-store")
		return
	}
	scope := "private"
	if r.kept.public {
		scope = "public"
	}
	h.Set("Cache-Control", scope+", max-age="+strconv.Itoa(max(0, r.Summary.Left(now))))
	h.Set("ETag", r.kept.etag(media))
}

// CacheStatus is the value of the Cache-Status header (RFC 9211) at now.
func (r *Result) CacheStatus(now time.Time) string {
	return r.Summary.CacheStatus(now, r.kept != nil && r.kept.stored)
}

// etag is a strong one: another for each media type, though the body is the same.
func (k *kept) etag(media string) string {
	k.tagged.Do(func() {
		sum := sha256.Sum256(k.body.Bytes())
		k.tag = base64.RawURLEncoding.EncodeToString(sum[:18])
	})
	if media == mediaGraphQL {
		return `"` + k.tag + `-graphql"`
	}
	return `"` + k.tag + `"`
}
