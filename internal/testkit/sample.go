package testkit

import "testing"

// Sample returns every nth of cases under the race detector, which takes several times as
// long and finds no more in the others, and all of them without it. CI runs both. A test
// over all cases whose whole result matters asks [Sampled] first.
func Sample[T any](t testing.TB, cases []T, n int) []T {
	t.Helper()
	if !race {
		return cases
	}
	var some []T
	for i := 0; i < len(cases); i += n {
		some = append(some, cases[i])
	}
	t.Logf("SAMPLED: %d of %d cases, because of the race detector", len(some), len(cases))
	return some
}

// Sampled tells whether [Sample] returns some of the cases only.
func Sampled() bool { return race }
