// Package qvalue reads the header fields of content negotiation (RFC 9110, section 12.5):
// lists of ranges, each with parameters and a weight.
package qvalue

import (
	"iter"
	"mime"
	"strconv"
	"strings"
)

// Range is an element of a field such as Accept or Accept-Encoding.
type Range struct {
	Name   string            // in lower case, as in text/html, gzip or *
	Params map[string]string // by names in lower case; nil if there are none
	Weight float64           // from 0, which is not acceptable, to 1
}

// Ranges returns the elements of the values of a field, in their order, without malformed
// ones. An invalid weight is 0.
func Ranges(values []string) iter.Seq[Range] {
	return func(yield func(Range) bool) {
		for _, value := range values {
			for element := range strings.SplitSeq(value, ",") {
				name, params, err := mime.ParseMediaType(element)
				if err != nil {
					continue
				}
				weight := 1.0
				if q, ok := params["q"]; ok {
					weight, _ = Parse(q)
				}
				if !yield(Range{name, params, weight}) {
					return
				}
			}
		}
	}
}

// Parse parses a weight: a number from 0 to 1, in decimal digits.
func Parse(text string) (q float64, ok bool) {
	if strings.Trim(text, "0123456789.") != "" {
		return 0, false // as in 1e-1, NaN and 0x1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q > 1 {
		return 0, false
	}
	return q, true
}
