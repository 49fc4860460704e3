// Package truncate shortens texts of clients and services before they are repeated in
// messages, logs and traces.
package truncate

import "strings"

// Prefix returns s if it has at most the given number of bytes, and otherwise the whole
// characters within them. Invalid UTF-8 is removed when s is shortened.
func Prefix(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// String is [Prefix] with an ellipsis in the place of what is missing.
func String(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return Prefix(s, most) + "…"
}
