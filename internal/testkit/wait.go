// Package testkit has what tests of all packages need.
package testkit

import (
	"testing"
	"time"
)

// WaitFor waits until a condition holds, and fails the test if it does not hold within
// 30 seconds: a machine that runs tests may be busy.
func WaitFor(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-time.After(5 * time.Millisecond)
	}
}
