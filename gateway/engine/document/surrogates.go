package document

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// loneSurrogate returns the first escape in the strings of a document that is half of a
// surrogate pair, or "". The parser accepts it as U+FFFD, which would turn an id into a
// different one. The document must have been parsed.
func loneSurrogate(document string) (half string) {
	if !strings.Contains(document, `\u`) {
		return ""
	}
	for rest := document; half == ""; {
		i := strings.IndexAny(rest, `#"`)
		if i < 0 {
			return ""
		}
		// Comments and block strings have no escapes, but may look as if they had.
		switch rest = rest[i:]; {
		case rest[0] == '#':
			rest = rest[max(strings.IndexAny(rest, "\r\n"), 1):]
		case strings.HasPrefix(rest, `"""`):
			rest = afterBlock(rest)
		default:
			half, rest = halfInString(rest[1:])
		}
	}
	return half
}

// afterBlock returns what follows the block string with which text begins.
func afterBlock(text string) string {
	const quotes = `"""`
	for rest := text[len(quotes):]; ; {
		i := strings.Index(rest, quotes)
		if i < 0 {
			return ""
		}
		escaped := i > 0 && rest[i-1] == '\\'
		rest = rest[i+len(quotes):]
		if !escaped {
			return strings.TrimLeft(rest, `"`) // of more than three, the last ones end it
		}
	}
}

// halfInString returns the first half of a surrogate pair in the string with which text
// begins, without its opening quote, and what follows the half, or the string.
func halfInString(text string) (half, rest string) {
	for rest = text; ; {
		i := strings.IndexAny(rest, `"\`)
		if i < 0 {
			return "", ""
		}
		if rest = rest[i:]; rest[0] == '"' {
			return "", rest[1:]
		}
		first, ok := escaped(rest)
		switch {
		case !ok || !utf16.IsSurrogate(first):
			rest = rest[2:]
		default:
			second, _ := escaped(rest[6:])
			if utf16.DecodeRune(first, second) == '\uFFFD' {
				return rest[:6], rest[6:]
			}
			rest = rest[12:]
		}
	}
}

// escaped returns the code unit of the escape with four digits with which text begins.
func escaped(text string) (unit rune, ok bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}
