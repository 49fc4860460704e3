package truncate_test

import (
	"strings"
	"testing"

	"tributary/gateway/internal/truncate"
)

func TestString_CutsWholeCharacters(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "four": "four", "fives": "five…", "ééé": "éé…", "aééé": "aé…", "abc😀": "abc…", "\xff\xff\xff\xff\xff": "…", "日本": "日…",
	} {
		if got := truncate.String(s, 4); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
		if got := truncate.Prefix(s, 4); got != strings.TrimSuffix(want, "…") {
			t.Errorf("prefix of %q: %q", s, got)
		}
	}
}
