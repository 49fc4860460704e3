package digest_test

import (
	"strings"
	"testing"

	"tributary/gateway/internal/digest"
)

func TestOf_IsSHA256(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	if got := digest.Of("abc"); got.String() != want || got != digest.Of([]byte("abc")) || got.Short() != want[:12] ||
		got.Base64(3) != "ungW" {
		t.Errorf("%s, %s, %s", got, got.Short(), got.Base64(3))
	}
}

func TestParse_LowerCaseOnly(t *testing.T) {
	whole := digest.Of("abc").String()
	for text, ok := range map[string]bool{
		whole: true, strings.ToUpper(whole): false, whole[1:]: false, whole + "0": false, strings.Repeat("x", 64): false, "": false,
	} {
		if got, parsed := digest.Parse(text); parsed != ok || ok && got.String() != text {
			t.Errorf("%s: %s, %v", text, got, parsed)
		}
	}
}

func TestSequence_DividedOtherwise(t *testing.T) {
	seen := map[digest.Sum]string{}
	for _, texts := range []string{"", "|", "||", "ab", "a|b", "|ab", "ab|", "a|b|", "\x00|ab"} {
		s := digest.NewSequence()
		for text := range strings.SplitSeq(texts, "|") {
			s.Text(text)
		}
		if other, again := seen[s.Sum()]; again {
			t.Errorf("%q has the digest of %q", texts, other)
		}
		seen[s.Sum()] = texts
	}
}
