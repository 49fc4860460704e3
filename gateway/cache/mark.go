package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A mark stands for a purge in a text that clients keep. Only gateways that know the table of
// generations can make or check one: the incarnation of the table, which is random and never
// leaves the gateways and Redis, is the key of a checksum.
type mark struct {
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

func (m mark) String() string {
	return base64.RawURLEncoding.EncodeToString(m.bytes())
}

func (m mark) bytes() []byte {
	b := binary.BigEndian.AppendUint64([]byte{byte(m.kind)}, uint64(m.value))                          //nolint:gosec // G115: bit by bit
	h := hmac.New(sha256.New, binary.BigEndian.AppendUint64([]byte(keyPrefix), uint64(m.incarnation))) //nolint:gosec // G115: bit by bit
	_, _ = h.Write(b)                                                                                  // it never fails
	return append(b, h.Sum(nil)[:markLength-markSum]...)
}

// readMark decodes a mark of the table with an incarnation. It is not ok if the text was made
// for another table, or by a client.
func readMark(text string, incarnation int64) (m mark, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != markLength || incarnation == 0 {
		return mark{}, false
	}
	m = mark{markKind(b[0]), incarnation, int64(binary.BigEndian.Uint64(b[markValue:]))} //nolint:gosec // G115: bit by bit
	if !hmac.Equal(b, m.bytes()) {
		return mark{}, false
	}
	return m, true
}

// mayBeMark reports whether text may be a mark of another gateway, as far as this can be
// told without knowing its table.
func mayBeMark(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == markLength && (markKind(b[0]) == markRecorded || markKind(b[0]) == markOwed)
}

// with returns the mark of m and a later purge n. That of a purge that could not be recorded
// prevails, as no number includes it.
func (m mark) with(n mark) mark {
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

// markOf returns the mark of a purge that has just been made. recorded says that it is in the
// table of the shared store.
func (c *Cache) markOf(recorded bool) mark {
	var incarnation, purges int64
	if c.shared != nil {
		incarnation, purges = c.shared.table.version()
	}
	switch {
	case incarnation == 0:
		return mark{kind: markHere, value: int64(c.generations.total.Load())} //nolint:gosec // G115: a number of events
	case recorded:
		return mark{markRecorded, incarnation, purges}
	}
	return mark{markOwed, incarnation, time.Now().UnixMilli()}
}
