// Package testkit has what tests of all packages need.
package testkit

import (
	"testing"
	"time"
)

// WaitFor waits until a condition holds, and fails the test, saying what it waited for,
// if it does not hold within 30 seconds: a machine that runs tests may be busy.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
