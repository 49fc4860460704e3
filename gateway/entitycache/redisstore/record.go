package redisstore

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// A Record is an entry as Redis has it.
type Record struct {
	// FetchedAt is when the upstream responded, by this machine's clock.
	FetchedAt time.Time
	// UsableFor is how long after FetchedAt the entry may be used, first fresh and then stale.
	UsableFor time.Duration
	// NotFound means that the upstream does not know the key; Body is empty then.
	NotFound bool
	// Body is the value as JSON.
	Body []byte
	// Stamp is the generation of the key when the load of the entry started. Records of
	// another generation are neither written nor read.
	Stamp Stamp
	// Shape is a fingerprint of the type that Body was encoded from.
	Shape uint64
}

// Age is the time since the upstream responded.
func (r *Record) Age(now time.Time) time.Duration { return max(0, now.Sub(r.FetchedAt)) }

// Usable reports whether the entry may still be served, fresh or stale.
func (r *Record) Usable(now time.Time) bool { return r.Age(now) < r.UsableFor }

// The format of records in Redis: a magic number with the version of the
// format; a checksum over the key and all that follows; flags; the age and the remaining
// time at the time of writing; the writer's clock at that time; the stamp of its key when the
// load started; the shape of its type; the body. Times are in milliseconds.
const (
	magic      = "\x89TR2"
	wireSum    = len(magic)
	wireFlags  = wireSum + 4
	wireAge    = wireFlags + 1
	wireLeft   = wireAge + 8
	wireClock  = wireLeft + 8
	wireTable  = wireClock + 8
	wireGen    = wireTable + 8
	wireShape  = wireGen + 8
	wireHeader = wireShape + 8

	flagAbsent = 1
)

var errNotARecord = errors.New("redisstore: not an entry")

// marshal encodes the entry of key as of now, and returns how long Redis must
// keep it. It returns nil if the entry has expired.
func (r *Record) marshal(key string, now time.Time) (wire []byte, left time.Duration) {
	age := r.Age(now)
	left = (r.UsableFor - age).Truncate(time.Millisecond)
	if left <= 0 {
		return nil, 0
	}
	wire = make([]byte, wireHeader, wireHeader+len(r.Body))
	copy(wire, magic)
	if r.NotFound {
		wire[wireFlags] |= flagAbsent
	}
	putMillis(wire[wireAge:], age.Milliseconds()+1) // rounded up, so that it never looks younger
	putMillis(wire[wireLeft:], left.Milliseconds())
	putMillis(wire[wireClock:], now.UnixMilli())
	binary.BigEndian.PutUint64(wire[wireTable:], uint64(r.Stamp.incarnation)) //nolint:gosec // G115: bit by bit
	binary.BigEndian.PutUint64(wire[wireGen:], r.Stamp.generation)
	binary.BigEndian.PutUint64(wire[wireShape:], r.Shape)
	wire = append(wire, r.Body...)
	binary.BigEndian.PutUint32(wire[wireSum:], sum(key, wire))
	return wire, left
}

// unmarshal decodes the entry of key, which the store will keep for left.
//
// The time since it was written is measured twice: by how much of its remaining time the
// store has counted down, and by the clocks of writer and reader. The longer one counts.
// So an entry may appear older than it is if a clock is wrong or the write was delayed,
// but never younger.
func unmarshal(key string, wire []byte, left time.Duration, now time.Time) (Record, error) {
	if len(wire) < wireHeader || string(wire[:wireSum]) != magic || binary.BigEndian.Uint32(wire[wireSum:]) != sum(key, wire) {
		return Record{}, errNotARecord
	}
	ageThen, leftThen := millis(wire[wireAge:]), millis(wire[wireLeft:])
	if ageThen < 0 || leftThen < 0 || left < 0 || left > leftThen {
		return Record{}, errNotARecord
	}
	byStore := leftThen - left
	byClock := time.Duration(now.UnixMilli())*time.Millisecond - millis(wire[wireClock:])
	return Record{
		// Both are in whole milliseconds, so one is added for the remainder.
		FetchedAt: now.Add(-ageThen - max(byStore, byClock) - time.Millisecond),
		UsableFor: ageThen + leftThen,
		NotFound:  wire[wireFlags]&flagAbsent != 0,
		Body:      wire[wireHeader:],
		Stamp: Stamp{
			incarnation: int64(binary.BigEndian.Uint64(wire[wireTable:])), //nolint:gosec // G115: bit by bit
			generation:  binary.BigEndian.Uint64(wire[wireGen:]),
		},
		Shape: binary.BigEndian.Uint64(wire[wireShape:]),
	}, nil
}

// sum returns the checksum of the entry of key. It includes the key, so that an entry
// that was copied to another key is invalid.
func sum(key string, wire []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(key), table), table, wire[wireFlags:])
}

func putMillis(wire []byte, ms int64) {
	binary.BigEndian.PutUint64(wire, uint64(ms)) //nolint:gosec // G115: neither an age, nor what is left, nor today is before 1970
}

// millis decodes a number of milliseconds. It returns -1 if the number is implausible.
func millis(wire []byte) time.Duration {
	const most = 200 * 365 * 24 * time.Hour
	ms := binary.BigEndian.Uint64(wire)
	if ms > uint64(most/time.Millisecond) {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}
