package redisstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A Mark stands for a purge in a text that clients keep. Only gateways that know the table of
// generations can make or check one: the incarnation of the table, which is random and never
// leaves the gateways and Redis, is the key of a checksum.
type Mark struct {
	kind        markKind
	incarnation int64
	value       int64
}

type markKind byte

const (
	markNone     markKind = iota // of no purge
	markHere                     // a purge of a gateway that knows no table; value is the number of its purges
	markRecorded                 // a purge in Redis; value is its number
	markOwed                     // a purge that could not be recorded; value is its time in Unix milliseconds
)

// The encoding of a mark before Base64: kind, value, checksum.
const (
	markValue  = 1
	markSum    = markValue + 8
	markLength = markSum + 15
)

func (m Mark) String() string {
	return base64.RawURLEncoding.EncodeToString(m.bytes())
}

func (m Mark) bytes() []byte {
	b := binary.BigEndian.AppendUint64([]byte{byte(m.kind)}, uint64(m.value))                          //nolint:gosec // G115: bit by bit
	h := hmac.New(sha256.New, binary.BigEndian.AppendUint64([]byte(keyPrefix), uint64(m.incarnation))) //nolint:gosec // G115: bit by bit
	_, _ = h.Write(b)                                                                                  // it never fails
	return append(b, h.Sum(nil)[:markLength-markSum]...)
}

// readMark decodes a mark of the table with an incarnation. It is not ok if the text was made
// for another table, or by a client.
func readMark(text string, incarnation int64) (m Mark, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != markLength || incarnation == 0 {
		return Mark{}, false
	}
	m = Mark{markKind(b[0]), incarnation, int64(binary.BigEndian.Uint64(b[markValue:]))} //nolint:gosec // G115: bit by bit
	if !hmac.Equal(b, m.bytes()) {
		return Mark{}, false
	}
	return m, true
}

// MayBeMark reports whether text may be a mark of another gateway, as far as this can be
// told without knowing its table.
func MayBeMark(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == markLength && (markKind(b[0]) == markRecorded || markKind(b[0]) == markOwed)
}

// IsZero reports whether m is the mark of no purge.
func (m Mark) IsZero() bool { return m.kind == markNone }

// Including returns the mark of m and of the earlier purges that texts stand for, as far as
// these are marks of the same table.
func (m Mark) Including(texts []string) Mark {
	var earlier Mark
	for _, text := range texts {
		if read, ok := readMark(text, m.incarnation); ok {
			earlier = earlier.Merge(read)
		}
	}
	return earlier.Merge(m)
}

// Merge returns the mark of m and a later purge n. That of a purge that could not be recorded
// prevails, as no number includes it.
func (m Mark) Merge(n Mark) Mark {
	switch {
	case m.kind == markNone, m.incarnation != n.incarnation:
		return n
	case m.kind != n.kind:
		if m.kind > n.kind {
			return m
		}
		return n
	case m.value > n.value:
		return m
	}
	return n
}

// LocalMark returns the mark of the n-th purge of a gateway that knows no table.
func LocalMark(n uint64) Mark {
	return Mark{kind: markHere, value: int64(n)} //nolint:gosec // G115: a number of events
}

// Mark returns the mark of a purge that has just been made. recorded says that it is in the
// table. It is not ok if no table was read yet.
func (s *Store) Mark(recorded bool) (m Mark, ok bool) {
	incarnation, purges := s.table.version()
	switch {
	case incarnation == 0:
		return Mark{}, false
	case recorded:
		return Mark{markRecorded, incarnation, purges}, true
	}
	return Mark{markOwed, incarnation, time.Now().UnixMilli()}, true
}
