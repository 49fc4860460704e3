package upstream

import "strings"

// Pack copies the strings that fields point to into one allocation. Values stay in the
// cache for long, and each garbage collection has to scan all of their objects.
func Pack(fields ...*string) {
	size := 0
	for _, f := range fields {
		size += len(*f)
	}
	var packed strings.Builder
	packed.Grow(size)
	for _, f := range fields {
		packed.WriteString(*f)
	}
	rest := packed.String()
	for _, f := range fields {
		n := len(*f)
		*f, rest = rest[:n], rest[n:]
	}
}
