package cache

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"
)

// An Entry is one answer of an upstream to one key. Entries are shared: but
// for the decoded form that they remember, they are read-only.
type Entry struct {
	// Answered is when the upstream gave it, by this machine's clock.
	Answered time.Time
	// Keep is how long it may be used at all, counted from Answered: fresh
	// at first, as a stand-in after.
	Keep time.Duration
	// Absent says that the upstream knows no such key; Body is empty then.
	Absent bool
	// Body is the value as JSON.
	Body []byte

	decoded atomic.Value // of the value type of the Through that made it
}

// Age is how long ago the upstream gave it.
func (e *Entry) Age(now time.Time) time.Duration { return max(0, now.Sub(e.Answered)) }

// Usable tells whether it may still be given out at all.
func (e *Entry) Usable(now time.Time) bool { return e.Age(now) < e.Keep }

// The form in which entries travel: a mark that tells ours from anything else
// under our keys and that changes with the form; flags; the age it had and the
// time it had left when written, in milliseconds; the body. Points in time
// don't travel: clocks differ from machine to machine.
const (
	wireMark   = "\x89TR1"
	wireHeader = len(wireMark) + 1 + 8 + 8
	flagAbsent = 1
)

var errNotAnEntry = errors.New("cache: not an entry")

// marshal writes e as it is at now, and how long a shared store is to keep it.
func (e *Entry) marshal(now time.Time) (wire []byte, left time.Duration) {
	age := e.Age(now)
	left = e.Keep - age
	wire = make([]byte, 0, wireHeader+len(e.Body))
	wire = append(wire, wireMark...)
	var flags byte
	if e.Absent {
		flags |= flagAbsent
	}
	wire = append(wire, flags)
	wire = binary.BigEndian.AppendUint64(wire, uint64(age.Milliseconds()))  //nolint:gosec // G115: an age is not negative
	wire = binary.BigEndian.AppendUint64(wire, uint64(left.Milliseconds())) //nolint:gosec // G115: checked by the caller, who stores nothing without time left
	return append(wire, e.Body...), left
}

// unmarshal reads an entry of which the store says that it will keep it for
// left longer. What has passed since it was written is told by the store's
// clock alone, so that it is the same for every gateway.
func unmarshal(wire []byte, left time.Duration, now time.Time) (*Entry, error) {
	if len(wire) < wireHeader || string(wire[:len(wireMark)]) != wireMark {
		return nil, errNotAnEntry
	}
	flags, nums := wire[len(wireMark)], wire[len(wireMark)+1:]
	ageThen := time.Duration(binary.BigEndian.Uint64(nums)) * time.Millisecond      //nolint:gosec // G115: a nonsensical number is refused below
	leftThen := time.Duration(binary.BigEndian.Uint64(nums[8:])) * time.Millisecond //nolint:gosec // G115: as above
	const most = 365 * 24 * time.Hour
	if ageThen < 0 || ageThen > most || leftThen < 0 || leftThen > most || left < 0 || left > leftThen {
		return nil, errNotAnEntry
	}
	// What is left is told in whole milliseconds: count the broken one as passed.
	age := ageThen + leftThen - left + time.Millisecond
	return &Entry{
		Answered: now.Add(-age),
		Keep:     ageThen + leftThen,
		Absent:   flags&flagAbsent != 0,
		Body:     wire[wireHeader:],
	}, nil
}
