package scalar

import (
	"unicode"
	"unicode/utf8"

	"tributary/gateway/fault"
)

// MaxIDBytes is the maximum length of an id, in bytes.
const MaxIDBytes = 256

// CheckID returns an error unless id is 1 to [MaxIDBytes] bytes of valid UTF-8
// without control characters. The error does not contain the id.
func CheckID(id string) error {
	switch {
	case id == "":
		return fault.BadUserInputf("an id must not be empty")
	case len(id) > MaxIDBytes:
		return fault.BadUserInputf("an id has at most %d bytes, this one has %d", MaxIDBytes, len(id))
	case !utf8.ValidString(id):
		return fault.BadUserInputf("an id must be valid UTF-8")
	}
	for _, r := range id {
		if unicode.IsControl(r) {
			return fault.BadUserInputf("an id must not contain control characters")
		}
	}
	return nil
}
