package telemetry

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// sanitizingWriter escapes characters by which text from clients or services could control a
// terminal or forge what it shows, beyond what the log format itself escapes. Each Write
// must be one line.
type sanitizingWriter struct{ w io.Writer }

// Write implements [io.Writer].
func (h sanitizingWriter) Write(line []byte) (int, error) {
	if isPlain(line) {
		return h.w.Write(line)
	}
	text, end := string(line), ""
	if cut, ok := strings.CutSuffix(text, "\n"); ok {
		text, end = cut, "\n"
	}
	if !strings.ContainsFunc(text, isControl) {
		return h.w.Write(line)
	}
	var b strings.Builder
	for _, r := range text {
		if isControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	if _, err := io.WriteString(h.w, b.String()+end); err != nil {
		return 0, err
	}
	return len(line), nil
}

// isPlain reports whether a line is printable ASCII, as nearly all are.
func isPlain(line []byte) bool {
	for i, c := range line {
		if (c < ' ' || c > '~') && (c != '\n' || i != len(line)-1) {
			return false
		}
	}
	return true
}

// isControl reports whether r is a control character (C0 or C1), a line or paragraph
// separator, or a bidirectional control.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
