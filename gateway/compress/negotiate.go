package compress

import (
	"net/http"

	"tributary/gateway/internal/qvalue"
)

// Encoding is the registered name of a content coding (RFC 9110, section 8.4.1).
type Encoding string

// The supported codings.
const (
	Identity Encoding = ""
	Gzip     Encoding = "gzip"
	Zstd     Encoding = "zstd"
)

// Negotiate returns the coding that a client prefers (RFC 9110, section 12.5.3), by the
// rules of gzhttp: gzip among equal weights, because some clients list zstd without
// supporting it, and [Identity] for clients that accept neither.
func Negotiate(h http.Header) Encoding {
	gzip, zstd := Quality(h, Gzip), Quality(h, Zstd)
	switch {
	case zstd > gzip:
		return Zstd
	case gzip > 0:
		return Gzip
	}
	return Identity
}

// Quality returns the weight that a client gives to a coding; 0 if it does not accept it.
func Quality(h http.Header, coding Encoding) (q float64) {
	for accepted := range qvalue.Ranges(h["Accept-Encoding"]) {
		switch accepted.Name {
		case string(coding):
			return accepted.Weight
		case "*":
			q = accepted.Weight
		}
	}
	return q
}
