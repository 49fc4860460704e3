package testkit_test

import (
	"slices"
	"testing"

	"tributary/internal/testkit"
)

func TestSample_EveryNth(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6}
	want := all
	if testkit.Sampled() {
		want = []int{0, 3, 6}
	}
	if got := testkit.Sample(t, all, 3); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
