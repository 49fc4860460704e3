package generation

import (
	"fmt"
	"testing"
)

// A purge of an entity drops its variants, and neither other entities nor kinds.
func TestGenerations_OfWhatIsPurged(t *testing.T) {
	const name = "author:a"
	for tag, changes := range map[string]bool{
		All: true, "author": true, "author:a": true,
		"book": false, "author:b": false, "author:": false, "a": false, "book:a": false, "autho": false,
	} {
		var g Counters
		for _, n := range []string{name, name + variantSeparator + "de", name + variantSeparator + "fr" + variantSeparator + "x"} {
			before := g.Of(n)
			g.Advance(SlotOf(tag))
			if (g.Of(n) != before) != changes {
				t.Errorf("a purge of %s: %q is purged: %v", tag, n, !changes)
			}
		}
	}
}

// The slots are part of the format of the table in Redis: gateways of all versions must
// agree on them.
func TestGenerations_SlotsAreStable(t *testing.T) {
	for tag, want := range map[string]uint32{All: 0, "author": 510, "author:a": 8959, "книга:1": 18184} {
		if got := SlotOf(tag); got != want {
			t.Errorf("%s: slot %d, want %d", tag, got, want)
		}
	}
	for n := range 10_000 {
		if kind, entity := SlotOf(fmt.Sprint("kind", n)), SlotOf(fmt.Sprint("kind:", n)); kind == 0 || kind >= kindSlots || entity < kindSlots || entity >= NumSlots {
			t.Fatalf("slots %d and %d", kind, entity)
		}
	}
}
