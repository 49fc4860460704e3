// Package qvalue reads weights of content negotiation (RFC 9110, section 12.4.2).
package qvalue

import "strconv"

// Of returns the weight among the parameters of a media range or a coding, as
// mime.ParseMediaType returns them: 1 without one, 0 for one that is invalid.
func Of(params map[string]string) float64 {
	text, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
