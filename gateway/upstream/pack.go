package upstream

import "strings"

// Pack puts the strings that fields point to into one piece of memory. What is
// kept of an answer then is one object where it was many, of which a string
// would take another each; the garbage collector looks at all of them again and
// again for as long as they are kept.
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
