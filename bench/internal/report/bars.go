package report

import (
	"fmt"
	"html"
	"strings"
)

// The measures of the picture, in pixels.
const (
	width     = 760
	labelEnd  = 230
	barEnd    = 660
	barHeight = 16
	step      = 22
	heading   = 34
)

// Bars draws the processor time of each scenario as an SVG that is legible on light
// and on dark ground.
func (r Report) Bars() string {
	var b strings.Builder
	y := 8
	for _, t := range r.Tables {
		if strings.HasPrefix(t.Name, "latency") {
			continue
		}
		y = t.bars(&b, y)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`aria-label="Processor time a request, in microseconds, by work and server">`+"\n"+
		`<style>text{font:12px system-ui,sans-serif;fill:#57606a}.h{font-weight:600;fill:#24292f}.b{fill:#afb8c1}.t{fill:#2da44e}`+
		`@media(prefers-color-scheme:dark){text{fill:#8b949e}.h{fill:#e6edf3}.b{fill:#484f58}.t{fill:#3fb950}}</style>`+"\n%s</svg>\n",
		width, y, width, y, b.String())
}

// bars draws one scenario at y and returns the y of its end.
func (t Table) bars(b *strings.Builder, y int) int {
	fmt.Fprintf(b, `<text class="h" x="8" y="%d">%s, µs of CPU a request</text>`+"\n", y+18, html.EscapeString(t.Title))
	y += heading
	names := t.subjects()
	most, _, _ := t.Median(names[len(names)-1], cpu)
	for _, name := range names {
		c, _, _ := t.Median(name, cpu)
		class := "b"
		if strings.HasPrefix(name, "Tributary") {
			class = "t"
		}
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect class="%s" x="%d" y="%d" width="%.0f" height="%d" rx="2"/><text x="%.0f" y="%d">%.0f</text>`+"\n",
			labelEnd-8, y+12, html.EscapeString(name), class, labelEnd, y, max(2, c/most*(barEnd-labelEnd)), barHeight,
			labelEnd+max(2, c/most*(barEnd-labelEnd))+6, y+12, c)
		y += step
	}
	return y + 12
}
