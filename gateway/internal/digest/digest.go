// Package digest makes SHA-256 digests of texts and of sequences of texts.
package digest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Sum is a digest.
type Sum [sha256.Size]byte

// Of returns the SHA-256 of a text.
func Of[T string | []byte](text T) Sum { return sha256.Sum256([]byte(text)) }

// String is the digest in lower-case hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Short is the first 12 digits of it.
func (s Sum) Short() string { return hex.EncodeToString(s[:6]) }

// Base64 is the first n bytes of the digest, for URLs and header fields.
func (s Sum) Base64(n int) string { return base64.RawURLEncoding.EncodeToString(s[:n]) }

// Parse parses a digest in lower-case hexadecimal.
func Parse(text string) (s Sum, ok bool) {
	if len(text) != hex.EncodedLen(len(s)) {
		return s, false
	}
	_, err := hex.Decode(s[:], []byte(text))
	return s, err == nil && s.String() == text
}

// Sequence makes the digest of a sequence of texts. Other texts, and the same ones divided
// otherwise, have another digest. What is written to it by Write is taken as it is.
type Sequence struct{ hash.Hash }

// NewSequence returns an empty sequence.
func NewSequence() Sequence { return Sequence{sha256.New()} }

// Text adds a text.
func (s Sequence) Text(text string) { s.Bytes([]byte(text)) }

// Bytes adds a text.
func (s Sequence) Bytes(text []byte) {
	s.Number(uint64(len(text)))
	_, _ = s.Write(text) // a hash takes anything
}

// Number adds a number.
func (s Sequence) Number(n uint64) {
	var bytes [8]byte
	binary.BigEndian.PutUint64(bytes[:], n)
	_, _ = s.Write(bytes[:])
}

// Sum returns the digest of what was added.
func (s Sequence) Sum() Sum { return Sum(s.Hash.Sum(nil)) }
