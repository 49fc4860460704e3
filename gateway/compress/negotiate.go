package compress

import (
	"net/http"
	"strconv"
	"strings"
)

// Coding is a content coding by its registered name.
type Coding string

// The codings that there are.
const (
	Identity Coding = ""
	Gzip     Coding = "gzip"
	Zstd     Coding = "zstd"
)

// Negotiate finds the coding that a client likes best (RFC 9110, section
// 12.5.3), among equals gzip: there are clients that name zstd and cannot undo it. [Identity] is not
// refused to clients who want none of the others: better an answer than 406.
func Negotiate(h http.Header) Coding {
	accept := strings.Join(h.Values("Accept-Encoding"), ",")
	if accept == "" {
		return Identity
	}
	qualities := map[string]float64{"identity": 0}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		qualities[strings.ToLower(strings.TrimSpace(name))] = quality(params)
	}
	best, most := Identity, qualities["identity"]
	for _, c := range []Coding{Zstd, Gzip} {
		q, named := qualities[string(c)]
		if !named {
			q = qualities["*"]
		}
		if q > 0 && q >= most {
			best, most = c, q
		}
	}
	return best
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
