package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// The form in which entries travel: a mark that tells ours from anything else
// under our keys and that changes with the form; a checksum over the key and
// all that follows; flags; the age that it had and the time that it had left
// when it was written; the writer's clock then. Times are in milliseconds. The
// rest is the body.
const (
	wireMark   = "\x89TR1"
	wireSum    = len(wireMark)
	wireFlags  = wireSum + 4
	wireAge    = wireFlags + 1
	wireLeft   = wireAge + 8
	wireClock  = wireLeft + 8
	wireHeader = wireClock + 8

	flagAbsent = 1
)

var errNotAnEntry = errors.New("cache: not an entry")

// marshal writes e, which stands under key, as it is at now, and tells how long
// a shared store is to keep it. It gives nothing when no time is left.
func (e *Entry) marshal(key string, now time.Time) (wire []byte, left time.Duration) {
	age := e.Age(now)
	left = (e.Keep - age).Truncate(time.Millisecond)
	if left <= 0 {
		return nil, 0
	}
	wire = make([]byte, wireHeader, wireHeader+len(e.Body))
	copy(wire, wireMark)
	if e.Absent {
		wire[wireFlags] |= flagAbsent
	}
	putMillis(wire[wireAge:], age.Milliseconds()+1) // the broken one counts as passed
	putMillis(wire[wireLeft:], left.Milliseconds())
	putMillis(wire[wireClock:], now.UnixMilli())
	wire = append(wire, e.Body...)
	binary.BigEndian.PutUint32(wire[wireSum:], sum(key, wire))
	return wire, left
}

// unmarshal reads what stands under key, of which the store says that it will
// keep it for left longer.
//
// How much time has passed since it was written is told twice: by how much of
// its time the store has counted down, and by the clocks of writer and reader.
// The longer counts, so that an entry may look older than it is when one of
// the clocks is wrong, or when it waited for long on its way, but not younger.
func unmarshal(key string, wire []byte, left time.Duration, now time.Time) (*Entry, error) {
	if len(wire) < wireHeader || string(wire[:wireSum]) != wireMark || binary.BigEndian.Uint32(wire[wireSum:]) != sum(key, wire) {
		return nil, errNotAnEntry
	}
	ageThen, leftThen := millis(wire[wireAge:]), millis(wire[wireLeft:])
	if ageThen < 0 || leftThen < 0 || left < 0 || left > leftThen {
		return nil, errNotAnEntry
	}
	byStore := leftThen - left
	byClock := time.Duration(now.UnixMilli())*time.Millisecond - millis(wire[wireClock:])
	return &Entry{
		// Both tell whole milliseconds: the broken one counts as passed.
		Answered: now.Add(-ageThen - max(byStore, byClock) - time.Millisecond),
		Keep:     ageThen + leftThen,
		Absent:   wire[wireFlags]&flagAbsent != 0,
		Body:     wire[wireHeader:],
	}, nil
}

// sum is the checksum of an entry under key: one that was copied to another
// key is as bad as one that was damaged.
func sum(key string, wire []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(key), table), table, wire[wireFlags:])
}

func putMillis(wire []byte, ms int64) {
	binary.BigEndian.PutUint64(wire, uint64(ms)) //nolint:gosec // G115: neither an age, nor what is left, nor today is before 1970
}

// millis is -1 for a number of milliseconds that nobody can have meant.
func millis(wire []byte) time.Duration {
	const most = 200 * 365 * 24 * time.Hour
	ms := binary.BigEndian.Uint64(wire)
	if ms > uint64(most/time.Millisecond) {
		return -1
	}
	return time.Duration(ms) * time.Millisecond
}
