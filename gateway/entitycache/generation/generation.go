package generation

import (
	"slices"
	"strings"
	"sync/atomic"
)

// All is the tag of all entries.
const All = "*"

// A generation slot counts the purges of the tags that share it. Slot 0 is that of
// [All]; kinds have a range of their own, so that a purge of an entity never drops a
// kind. Two entities share a slot in one of 64,512 cases; then a purge of one drops the
// other as well. In return a purge writes one number, whatever it drops, and nothing grows.
// All gateways must agree on these numbers and on SlotOf, as they are part of the format of
// the table in Redis.
const (
	NumSlots  = 1 << 16
	kindSlots = 1 << 10
)

// SlotOf returns the slot of a tag: "kind:key", "kind" or [All].
func SlotOf(tag string) uint32 {
	switch {
	case tag == All:
		return 0
	case strings.Contains(tag, ":"):
		return kindSlots + hash(tag)%(NumSlots-kindSlots)
	}
	return 1 + hash(tag)%(kindSlots-1)
}

// SlotsOfTags returns the slots of tags, each once.
func SlotsOfTags(tags []string) []uint32 {
	slots := make([]uint32, 0, len(tags))
	for _, tag := range tags {
		slots = append(slots, SlotOf(tag))
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}

// variantSeparator separates a key from the variant of its value in a name. Ids do not
// contain it, because it is a control character.
const variantSeparator = "\x1f"

// Name returns the name of the entry of an id, by which the stores know it: "kind:id", and
// the variant if there is one.
func Name(kind, id, variant string) string {
	if variant == "" {
		return kind + ":" + id
	}
	return kind + ":" + id + variantSeparator + variant
}

// SlotsOf returns the slots whose purges drop the entry of name, which may have a variant.
func SlotsOf(name string) [3]uint32 {
	name, _, _ = strings.Cut(name, variantSeparator)
	kind, _, _ := strings.Cut(name, ":")
	return [3]uint32{0, SlotOf(kind), SlotOf(name)}
}

// hash is 32-bit FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// Counters count the purges that this gateway knows of, by slot. The zero value is
// ready to use.
//
// The generation of a name is the sum of its slots. Counters only grow, so it changes
// exactly when one of them does. What was loaded in another generation was purged since its
// load started.
type Counters struct {
	counts [NumSlots]atomic.Uint32
	total  atomic.Uint64 // number of changes
}

// Of returns the current generation of a name.
func (c *Counters) Of(name string) (sum uint64) {
	for _, slot := range SlotsOf(name) {
		sum += uint64(c.counts[slot].Load())
	}
	return sum
}

// Advance begins the next generation of all names in slots.
func (c *Counters) Advance(slots ...uint32) {
	for _, slot := range slots {
		c.counts[slot].Add(1)
	}
	c.total.Add(1)
}

// Total is the number of purges so far.
func (c *Counters) Total() uint64 { return c.total.Load() }
