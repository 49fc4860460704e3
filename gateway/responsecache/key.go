package responsecache

import "crypto/sha256"

// Key is a SHA-256 that identifies a response or a request.
type Key [sha256.Size]byte

// NewKey returns the key of a text. Texts of different formats have different keys.
func NewKey(format string, text []byte) Key {
	key := Key(sha256.Sum256(text))
	for i := range len(format) {
		key[i%len(key)] ^= format[i]
	}
	return key
}
