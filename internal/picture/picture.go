// Package picture draws panels of dashboards as one SVG, from what Prometheus has
// seen of a run. It is for the documentation, where no Grafana can be asked.
package picture

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// Panel is what one panel shows.
type Panel struct {
	Title   string
	Unit    string // as Grafana calls it
	Stacked bool   // its lines add up
	States  bool   // its lines are states of circuits, and drawn as bars
	Lines   []Line
}

// Line is one series. The points are in the order of time.
type Line struct {
	Name   string
	Points []Point
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Span is a time of which something is to be said.
type Span struct {
	From, To time.Time
	Label    string
}

// Sizes, in the SVG's pixels.
const (
	columns     = 3
	width       = 400 // of a panel with its margin
	height      = 250
	margin      = 8
	left        = 52 // where the plot begins, for the axis
	top         = 34 // for the title
	plotHeight  = 138
	plotWidth   = width - margin - left - 14
	legendLines = 3
)

// palette gives lines their colours, in turn.
func palette(i int) string {
	colours := []string{"#5794f2", "#73bf69", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#c4a000", "#8ab8ff", "#e0b400", "#a352cc"}
	return colours[i%len(colours)]
}

// SVG draws panels in rows of three, all over the same time, with spans shaded.
func SVG(from, to time.Time, spans []Span, panels []Panel) []byte {
	rows := (len(panels) + columns - 1) / columns
	w, h := columns*width+margin, rows*height+margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="Inter, Helvetica, Arial, sans-serif">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#111217"/>`+"\n", w, h)
	for i, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", margin+i%columns*width, margin+i/columns*height)
		fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="3" fill="#181b1f" stroke="#2c3235"/>`+"\n", width-margin, height-margin)
		text(&b, 12, 21, "#d8d9da", 13, "start", p.Title)
		d := drawing{&b, from, to, p}
		d.shade(spans)
		if p.States {
			d.states()
		} else {
			d.graph()
		}
		d.times()
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func text(b *strings.Builder, x, y int, colour string, size int, anchor, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s" font-size="%d" text-anchor="%s">%s</text>`+"\n", x, y, colour, size, anchor, html.EscapeString(s))
}
