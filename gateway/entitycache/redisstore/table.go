package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/gateway/entitycache/generation"
)

// The table of generations in Redis is a string of big-endian numbers: the incarnation of
// the table, which is random; the number of the last purge; and the generation of each slot.
// By one BITFIELD a purge adds one to its slots and a random step to the number, so that
// after a failover the histories of two servers do not have equal numbers. Each entry has
// the incarnation and its generation of the time when its load started, and is valid only in
// these.
//
// If the table is lost, or lacks a purge that a gateway knows, the next one has another
// incarnation, so that all entries are dropped: which purges were lost with it is unknown.
const (
	tableKey    = keyPrefix + "~generations"
	tableHeader = 16
	tableSize   = tableHeader + 4*generation.NumSlots
)

// A Stamp is the generation of a name in a table of Redis. The zero value is that of no
// table, and valid nowhere.
type Stamp struct {
	incarnation int64
	generation  uint64
}

// table is a gateway's copy of the table in Redis.
type table struct {
	mu          sync.RWMutex
	incarnation int64 // 0: not read yet
	purges      int64
	counts      []uint32
	distrusted  map[uint32]int // number of purges of each slot that are not recorded yet
}

// of returns the current stamp of a name.
func (t *table) of(name string) Stamp {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.incarnation == 0 {
		return Stamp{}
	}
	s := Stamp{incarnation: t.incarnation}
	for _, slot := range generation.SlotsOf(name) {
		if len(t.distrusted) > 0 && t.distrusted[slot] > 0 {
			return Stamp{}
		}
		s.generation += uint64(t.counts[slot])
	}
	return s
}

// distrust adds n to the number of purges of each slot that are not recorded yet. While there
// are any, names in these slots have no valid stamp.
func (t *table) distrust(slots []uint32, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.distrusted == nil {
		t.distrusted = map[uint32]int{}
	}
	for _, slot := range slots {
		if t.distrusted[slot] += n; t.distrusted[slot] == 0 {
			delete(t.distrusted, slot)
		}
	}
}

func (t *table) version() (incarnation, purges int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.incarnation, t.purges
}

// purgeMessage is what the purge with a number did to the table; it is the message on the
// channel. Before is the number of the purge before it.
type purgeMessage struct {
	Incarnation int64    `json:"incarnation"`
	Before      int64    `json:"before"`
	Number      int64    `json:"number"`
	Slots       []uint32 `json:"slots"`
	Counts      []uint32 `json:"counts"`
}

// apply applies a purge and returns the slots that it changed. complete is false if the table
// must be synchronized: other purges or another table came in between.
func (t *table) apply(n purgeMessage) (changed []uint32, complete bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	follows := n.Before == t.purges || n.Number <= t.purges // else purges were missed, or it is of another history
	if n.Incarnation != t.incarnation || !follows || len(n.Slots) != len(n.Counts) {
		return nil, false
	}
	for i, slot := range n.Slots {
		if slot < generation.NumSlots && int32(n.Counts[i]-t.counts[slot]) > 0 { //nolint:gosec // G115: counters wrap
			t.counts[slot] = n.Counts[i]
			changed = append(changed, slot)
		}
	}
	t.purges = max(t.purges, n.Number)
	return changed, true
}

// generationsIn returns those of a table as it was read.
func generationsIn(raw []byte) []uint32 {
	read := make([]uint32, generation.NumSlots)
	for slot := range read {
		if at := tableHeader + 4*slot; at+4 <= len(raw) { // it is as long as the last slot that was used
			read[slot] = binary.BigEndian.Uint32(raw[at:])
		}
	}
	return read
}

// lacks reports whether a table as it was read lacks a purge that is known here: of an
// earlier one, as another server was promoted, or of one that came after it was read.
func (t *table) lacks(raw []byte) bool {
	incarnation, _ := header(raw)
	read := generationsIn(raw)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if incarnation != t.incarnation {
		return false
	}
	for slot, count := range read {
		if int32(count-t.counts[slot]) < 0 { //nolint:gosec,gosec // G115, G602: counters wrap; both have all slots
			return true
		}
	}
	return false
}

// replace takes over a table as it was read, and returns the slots that changed: slot 0,
// that of everything, if it is another table.
func (t *table) replace(raw []byte) (changed []uint32) {
	incarnation, purges := header(raw)
	read := generationsIn(raw)
	t.mu.Lock()
	defer t.mu.Unlock()
	if incarnation != t.incarnation {
		t.incarnation, t.purges, t.counts = incarnation, purges, read
		return []uint32{0}
	}
	for slot, count := range read {
		if int32(count-t.counts[slot]) > 0 { //nolint:gosec,gosec // G115, G602: counters wrap; both have all slots
			t.counts[slot] = count
			changed = append(changed, uint32(slot))
		}
	}
	t.purges = max(t.purges, purges)
	return changed
}

// header returns the first numbers of a table; they are 0 if it is none.
func header(raw []byte) (incarnation, purges int64) {
	if len(raw) < tableHeader || len(raw) > tableSize {
		return 0, 0
	}
	return int64(binary.BigEndian.Uint64(raw)), int64(binary.BigEndian.Uint64(raw[8:])) //nolint:gosec // G115: bit by bit
}

// newTableHeader returns the header of a new table.
func newTableHeader() []byte {
	raw := make([]byte, tableHeader)
	_, _ = rand.Read(raw[:8]) // it never fails
	raw[0] |= 1               // so that it is not 0
	return raw
}

var errNoTable = errors.New("redis does not keep what was written")

// synchronize brings the copy of the table up to date, and creates the table if there is
// none. It first records the purges that could not be recorded when they were made.
func (s *Store) synchronize(ctx context.Context) error {
	return s.synchronizeUnless(ctx, func() bool { return false })
}

// synchronizeUnless synchronizes, unless enough reports that a synchronization that was waited
// for has done what the caller needs.
func (s *Store) synchronizeUnless(ctx context.Context, enough func() bool) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if enough() {
		return nil
	}
	owed := s.unrecorded.take()
	if len(owed) > 0 {
		if _, err := s.record(ctx, owed); err != nil {
			s.postpone(owed)
			return err
		}
	}
	if err := s.readTable(ctx); err != nil {
		s.postpone(owed)
		return err
	}
	if len(owed) > 0 {
		s.servers.recorded(owed, time.Now())
		s.onPurge(owed) // for old entries may have come from a server that lacked the purge
		s.table.distrust(owed, -1)
	}
	return nil
}

// postpone leaves the purge of slots to the next synchronization. Until then they are distrusted,
// each once for all its purges.
func (s *Store) postpone(slots []uint32) { s.table.distrust(s.unrecorded.add(slots), -1) }

func (s *Store) readTable(ctx context.Context) error {
	// The version must be read before Redis is asked: purges may be applied meanwhile.
	incarnation, purges := s.table.version()
	raw, err := s.readHeader(ctx)
	if err != nil {
		return err
	}
	there, number := header(raw)
	switch {
	case there == 0:
		if raw, err = s.createTable(ctx, len(raw) > 0); err != nil {
			return err
		}
	case there == incarnation && number < purges:
		// A server that had not received the latest purges was promoted.
		if raw, err = s.createTable(ctx, true); err != nil {
			return err
		}
	case there == incarnation && number == purges:
		return nil
	default:
		if raw, err = s.readWhole(ctx); err != nil {
			return err
		}
	}
	if there, _ = header(raw); there == 0 {
		return errNoTable
	}
	s.advance(func() []uint32 { return s.table.replace(raw) })
	return nil
}

// readWhole returns the table, or a new one if it lacks a purge that was known here before it
// was read.
func (s *Store) readWhole(ctx context.Context) ([]byte, error) {
	for {
		_, before := s.table.version()
		raw, err := s.control.Get(ctx, tableKey).Bytes()
		if err != nil || !s.table.lacks(raw) {
			return raw, err
		}
		if _, now := s.table.version(); now == before {
			return s.createTable(ctx, true)
		}
	}
}

// readHeader returns the beginning of the table, or all of it; nothing if there is none.
func (s *Store) readHeader(ctx context.Context) ([]byte, error) {
	raw, err := s.control.GetRange(ctx, tableKey, 0, tableHeader-1).Bytes()
	if isRejection(err) {
		raw, err = s.control.Get(ctx, tableKey).Bytes()
	}
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return []byte("another type"), nil
	case errors.Is(err, redis.Nil):
		return nil, nil
	}
	return raw, err
}

// createTable writes a new table, unless another gateway has written one in the meantime,
// or over what is there. It returns the table that is there then.
func (s *Store) createTable(ctx context.Context, over bool) ([]byte, error) {
	mode := "NX"
	if over {
		mode = ""
	}
	err := s.control.SetArgs(ctx, tableKey, newTableHeader(), redis.SetArgs{Mode: mode}).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	return s.control.Get(ctx, tableKey).Bytes()
}

// record adds a purge of slots to the table, and tells the other gateways. If Redis refuses
// it, it drops the table, which purges everything. complete is false if the copy of the table
// must be synchronized then.
func (s *Store) record(ctx context.Context, slots []uint32) (complete bool, err error) {
	pipe := s.control.Pipeline()
	pipe.SetArgs(ctx, tableKey, newTableHeader(), redis.SetArgs{Mode: "NX"})
	changes := make([]any, 0, 10+4*len(slots))
	changes = append(changes, "GET", "i64", "#0", "GET", "i64", "#1", "INCRBY", "i64", "#1", randomStep())
	for _, slot := range slots {
		changes = append(changes, "INCRBY", "u32", tableHeader*8+32*int64(slot), 1)
	}
	counted := pipe.BitField(ctx, tableKey, changes...)
	_, _ = pipe.Exec(ctx) // its error is that of the first command, which may be denied
	numbers, err := counted.Result()
	switch {
	case err == nil && len(numbers) == 3+len(slots) && numbers[0] != 0:
		n := purgeMessage{Incarnation: numbers[0], Before: numbers[1], Number: numbers[2], Slots: slots}
		for _, count := range numbers[3:] {
			n.Counts = append(n.Counts, uint32(count)) //nolint:gosec // G115: that is how it was incremented
		}
		return s.recorded(n), s.publish(ctx, n)
	case err != nil && !isRejection(err) && !redis.HasErrorPrefix(err, "WRONGTYPE"):
		return false, err
	}
	err = s.control.Set(ctx, tableKey, newTableHeader(), 0).Err()
	if isRejection(err) {
		err = s.control.Del(ctx, tableKey).Err()
	}
	if err != nil {
		return false, err
	}
	return false, s.publish(ctx, purgeMessage{})
}

// randomStep returns a number of 31 bits that is not 0.
func randomStep() int64 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return int64(binary.BigEndian.Uint32(b[:])>>1 | 1)
}

// recorded applies a purge of this gateway, which has dropped the entries already. Only if
// other gateways purged as well is there something else to drop.
func (s *Store) recorded(n purgeMessage) (complete bool) {
	s.advance(func() (others []uint32) {
		before := make([]uint32, len(n.Slots))
		s.table.mu.RLock()
		for i, slot := range n.Slots {
			if s.table.counts != nil {
				before[i] = s.table.counts[slot]
			}
		}
		s.table.mu.RUnlock()
		var changed []uint32
		changed, complete = s.table.apply(n)
		for i, slot := range n.Slots {
			if len(changed) > 0 && n.Counts[i]-before[i] > 1 {
				others = append(others, slot)
			}
		}
		return others
	})
	return complete
}

// unrecordedPurges has the slots of purges that could not be recorded in Redis yet.
type unrecordedPurges struct {
	mu    sync.Mutex
	slots map[uint32]struct{}
}

// add adds slots, and returns those that it had already.
func (o *unrecordedPurges) add(slots []uint32) (had []uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.slots == nil {
		o.slots = make(map[uint32]struct{}, len(slots))
	}
	for _, slot := range slots {
		if _, owed := o.slots[slot]; owed {
			had = append(had, slot)
		}
		o.slots[slot] = struct{}{}
	}
	return had
}

func (o *unrecordedPurges) take() (slots []uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	slots = slices.Collect(maps.Keys(o.slots))
	o.slots = nil
	return slots
}
