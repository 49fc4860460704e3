package compress

import (
	"net/http"
	"strconv"
	"strings"
)

// Coding is the registered name of a content coding (RFC 9110, section 8.4.1).
type Coding string

// The supported codings.
const (
	Identity Coding = ""
	Gzip     Coding = "gzip"
	Zstd     Coding = "zstd"
)

// Negotiate returns the coding that a client prefers (RFC 9110, section 12.5.3).
// Among equal weights that is gzip, because some clients list zstd without
// supporting it. Clients that accept no coding at all get [Identity] rather than
// 406.
func Negotiate(h http.Header) Coding {
	accept := h["Accept-Encoding"]
	if len(accept) == 0 {
		return Identity
	}
	identity, others, zstd, gzip := 0.0, 0.0, unnamed, unnamed
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		switch q := quality(params); strings.ToLower(strings.TrimSpace(name)) {
		case "identity":
			identity = q
		case string(Zstd):
			zstd = q
		case string(Gzip):
			gzip = q
		case "*":
			others = q
		}
	}
	best, most := Identity, identity
	if q := named(zstd, others); q > 0 && q >= most {
		best, most = Zstd, q
	}
	if q := named(gzip, others); q > 0 && q >= most {
		best = Gzip
	}
	return best
}

// unnamed is the quality of a coding that a client does not list.
const unnamed = -1.0

// named is the quality of a coding: the one it was named with, or that of all others.
func named(q, others float64) float64 {
	if q == unnamed {
		return others
	}
	return q
}

// quality reads the parameters of a coding: there is but one, q.
func quality(params string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
