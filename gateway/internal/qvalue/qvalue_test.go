package qvalue_test

import (
	"testing"

	"tributary/gateway/internal/qvalue"
)

func TestOf_ReadsWeights(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "0.000": 0, "0.5": 0.5, "1": 1, "1.000": 1, "": 0, "junk": 0, "2": 0, "-1": 0, "NaN": 0, "Inf": 0} {
		if got := qvalue.Of(map[string]string{"q": text}); got != want {
			t.Errorf("q=%s: got %v, want %v", text, got, want)
		}
	}
	if got := qvalue.Of(map[string]string{"level": "1"}); got != 1 {
		t.Errorf("without a weight: got %v, want 1", got)
	}
}
