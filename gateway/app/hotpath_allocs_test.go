//go:build !race

// The race detector allocates, too.

package app

import (
	"math"
	"testing"
)

// What the whole gateway allocates for an answer that is kept, from the request
// that net/http has read to the answer that it is to write, does not hang on the
// machine. About five of them are the test's own. A collection meanwhile empties
// pools that fill again: the least of three counts. Lower the numbers when you
// have made it cheaper.
func TestAllocations_GatewayHit(t *testing.T) {
	most := map[string]float64{"by REST": 29, "by GraphQL": 37}
	for name, request := range hits() {
		h := warm(t, request)
		got := math.Inf(1)
		for range 3 {
			got = min(got, testing.AllocsPerRun(100, func() { answerOf(h, request()) }))
		}
		if got > most[name] {
			t.Errorf("%s: %v allocations, want at most %v", name, got, most[name])
		}
		t.Logf("%s: %v allocations", name, got)
	}
}
