package waterfall

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Columns of the drawing.
const (
	labelWidth = 44
	barWidth   = 40
)

// Draw draws t for a terminal, with a line per step. Steps on the critical path have
// thick bars.
func (t *Trace) Draw(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.Summary())
	for _, row := range t.Rows {
		line := fmt.Sprintf("%s %s %8.2f ms  %s", pad(row.label()), t.bar(row), row.Duration, row.note())
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if t.Dropped > 0 {
		fmt.Fprintf(&b, "and %d steps more\n", t.Dropped)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary has the totals in one line.
func (t *Trace) Summary() string {
	calls := 0
	parts := make([]string, 0, len(t.Totals.Calls))
	for _, service := range slices.Sorted(maps.Keys(t.Totals.Calls)) {
		calls += t.Totals.Calls[service]
		parts = append(parts, fmt.Sprintf("%s %d", service, t.Totals.Calls[service]))
	}
	text := fmt.Sprintf("%.2f ms, no calls, %s from the cache", t.Duration, plural(t.Totals.Found, "key"))
	if t.FromResponseCache {
		text = fmt.Sprintf("%.2f ms, the whole response from the cache", t.Duration)
	}
	if calls > 0 {
		text = fmt.Sprintf("%.2f ms, %s (%s), %s", t.Duration, plural(calls, "call"), strings.Join(parts, ", "), size(t.Totals.Bytes))
	}
	if more := t.Totals.Attempts - calls; more > 0 {
		text += fmt.Sprintf(", %s", plural(more, "retry or hedge"))
	}
	if s := t.SecondRun; s.SavedCalls > 0 {
		text += fmt.Sprintf("; a second run would save %s, %s and about %.2f ms", plural(s.SavedCalls, "call"), size(s.SavedBytes), s.Saved)
	}
	return text
}

func (t *Trace) bar(r Row) string {
	at := func(ms float64) int { return min(barWidth, int(ms/max(t.Duration, .001)*barWidth)) }
	from := min(at(r.Start), barWidth-1)
	length := max(1, at(r.Start+r.Duration)-from)
	line := "─"
	if r.Critical {
		line = "━"
	}
	return strings.Repeat(" ", from) + strings.Repeat(line, length) + strings.Repeat(" ", barWidth-from-length)
}

func (r Row) label() string { return strings.Repeat("  ", r.Depth) + r.Name }

// note returns the details of a step besides its duration.
func (r Row) note() string {
	var parts []string
	say := func(when bool, format string, args ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(r.Count > 1, "×%d", r.Count)
	if c := r.Cache; c != nil {
		say(c.Memory > 0, "%d in memory", c.Memory)
		say(c.Redis > 0, "%d in Redis", c.Redis)
		say(c.Stale > 0, "%d stale", c.Stale)
		say(c.Miss > 0, "%d missed", c.Miss)
		say(c.Coalesced > 0, "%d being loaded already", c.Coalesced)
	} else if len(r.Keys) > 0 {
		more := ""
		if r.KeyCount > len(r.Keys) {
			more = fmt.Sprintf(" and %d more", r.KeyCount-len(r.Keys))
		}
		say(true, "%s%s", strings.Join(r.Keys, " "), more)
	}
	if a := r.Attempt; a != nil {
		say(a.Write, "write")
		say(true, "%s", a.Path)
		say(a.Status > 0, "%d", a.Status)
		say(a.Bytes > 0, "%s", size(a.Bytes))
		say(a.Kind != "first", "%s", a.Kind)
	}
	say(r.Error != "", "! %s", r.Error)
	say(r.Open, "goes on")
	return strings.Join(parts, ", ")
}

func pad(s string) string {
	if n := utf8.RuneCountInString(s); n <= labelWidth {
		return s + strings.Repeat(" ", labelWidth-n)
	}
	return string([]rune(s)[:labelWidth-1]) + "…"
}

func plural(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasPrefix(thing, "retry"):
		return fmt.Sprintf("%d retries or hedges", n)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func size(bytes int) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f kB", float64(bytes)/1000)
}
