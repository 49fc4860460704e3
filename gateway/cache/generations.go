package cache

import (
	"slices"
	"strings"
	"sync/atomic"
)

// PurgeAll is the tag of all entries.
const PurgeAll = "*"

// A generation slot counts the purges of the tags that share it. Slot 0 is that of
// [PurgeAll]; kinds have a range of their own, so that a purge of an entity never drops a
// kind. Two entities share a slot in one of 64,512 cases; then a purge of one drops the
// other as well. In return a purge writes one number, whatever it drops, and nothing grows.
// All gateways must agree on these numbers and on slotOf, as they are part of the format of
// the table in Redis.
const (
	slots     = 1 << 16
	kindSlots = 1 << 10
)

// slotOf returns the slot of a tag: "kind:key", "kind" or [PurgeAll].
func slotOf(tag string) uint32 {
	switch {
	case tag == PurgeAll:
		return 0
	case strings.Contains(tag, ":"):
		return kindSlots + hash(tag)%(slots-kindSlots)
	}
	return 1 + hash(tag)%(kindSlots-1)
}

// slotsOfTags returns the slots of tags, each once.
func slotsOfTags(tags []string) []uint32 {
	slots := make([]uint32, 0, len(tags))
	for _, tag := range tags {
		slots = append(slots, slotOf(tag))
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}

// variantSeparator separates a key from the variant of its value in a name. Ids do not
// contain it, because it is a control character.
const variantSeparator = "\x1f"

// nameOf returns the name of the entry of an id, by which the stores know it: "kind:id", and
// the variant if there is one.
func nameOf(kind, id, variant string) string {
	if variant == "" {
		return kind + ":" + id
	}
	return kind + ":" + id + variantSeparator + variant
}

// slotsOf returns the slots whose purges drop the entry of name, which may have a variant.
func slotsOf(name string) [3]uint32 {
	name, _, _ = strings.Cut(name, variantSeparator)
	kind, _, _ := strings.Cut(name, ":")
	return [3]uint32{0, slotOf(kind), slotOf(name)}
}

// hash is 32-bit FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// generations counts the purges that this gateway knows of, by slot. The zero value is
// ready to use.
//
// The generation of a name is the sum of its slots. Counters only grow, so it changes
// exactly when one of them does. What was loaded in another generation was purged since its
// load started.
type generations struct {
	counts [slots]atomic.Uint32
	total  atomic.Uint64 // number of changes
}

// of returns the current generation of a name.
func (g *generations) of(name string) (sum uint64) {
	for _, slot := range slotsOf(name) {
		sum += uint64(g.counts[slot].Load())
	}
	return sum
}

// An epoch is the generation of a name in this gateway, and in the Redis that gateways
// share, at one moment.
type epoch struct {
	here   uint64
	shared stamp // zero without Redis
}

// epochOf returns the current epoch of a name. Loads note it when they start.
func (c *Cache) epochOf(name string) epoch {
	e := epoch{here: c.generations.of(name)}
	if c.shared != nil {
		e.shared = c.shared.table.of(name)
	}
	return e
}

// advance begins the next generation of all names in slots.
func (g *generations) advance(slots ...uint32) {
	for _, slot := range slots {
		g.counts[slot].Add(1)
	}
	g.total.Add(1)
}
