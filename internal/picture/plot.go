package picture

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const grey = "#8e8e8e"

// drawing is one panel being drawn.
type drawing struct {
	b        *strings.Builder
	from, to time.Time
	Panel
}

func (d drawing) x(at time.Time) float64 {
	return left + plotWidth*at.Sub(d.from).Seconds()/d.to.Sub(d.from).Seconds()
}

// shade marks spans, and says below the title what each was.
func (d drawing) shade(spans []Span) {
	for _, s := range spans {
		x, end := d.x(s.From), d.x(s.To)
		fmt.Fprintf(d.b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#f2495c" opacity="0.10"/>`+"\n", x, top, end-x, plotHeight)
		text(d.b, int(x+end)/2, top-3, "#f2495c", 9, "middle", s.Label)
	}
}

// times is the axis below: seconds since the beginning.
func (d drawing) times() {
	for i := range 5 {
		at := d.to.Sub(d.from) * time.Duration(i) / 4
		text(d.b, left+plotWidth*i/4, top+plotHeight+13, grey, 9, "middle", fmt.Sprintf("%.0f s", at.Seconds()))
	}
}

// graph draws lines, or areas that add up, over a scale.
func (d drawing) graph() {
	lines := d.Lines
	if d.Stacked {
		lines = stack(lines)
	}
	highest := 0.0
	for _, l := range lines {
		for _, p := range l.Points {
			highest = max(highest, p.Value)
		}
	}
	ceiling, step := scale(highest)
	y := func(v float64) float64 { return top + plotHeight*(1-v/ceiling) }
	for v := 0.0; v <= ceiling*1.001; v += step {
		fmt.Fprintf(d.b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#2c3235"/>`+"\n", left, left+plotWidth, y(v), y(v))
		text(d.b, left-6, int(y(v))+3, grey, 9, "end", format(v, d.Unit))
	}
	for i := range lines { // the highest area first, so that it lies below the others
		i = len(lines) - 1 - i
		d.line(i, lines[i].Points, y)
	}
	d.legend()
}

func (d drawing) line(i int, points []Point, y func(float64) float64) {
	if len(points) == 0 {
		return
	}
	var path strings.Builder
	for j, p := range points {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(j, 1)], d.x(p.At), y(p.Value))
	}
	if d.Stacked {
		fmt.Fprintf(d.b, `<path d="%sL%.1f %.1fL%.1f %.1fZ" fill="%s" opacity="0.9"/>`+"\n",
			path.String(), d.x(points[len(points)-1].At), y(0), d.x(points[0].At), y(0), palette(i))
		return
	}
	fmt.Fprintf(d.b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5" stroke-linejoin="round"/>`+"\n", path.String(), palette(i))
}

// stack adds to each line those before it, time by time.
func stack(lines []Line) []Line {
	below := map[time.Time]float64{}
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i].Name = l.Name
		for _, p := range l.Points {
			below[p.At] += p.Value
		}
		// A line that has no value at a time lies on those below it.
		for at, v := range below {
			out[i].Points = append(out[i].Points, Point{at, v})
		}
		slices.SortFunc(out[i].Points, func(a, b Point) int { return a.At.Compare(b.At) })
	}
	return out
}

// states draws a bar for each line, in the colour of each state while it lasted.
func (d drawing) states() {
	colours := []string{"#37872d", "#ff9830", "#c4162a"}
	const bar = 26
	for i, l := range d.Lines {
		y := top + 8 + i*(bar+16)
		text(d.b, left-6, y+bar/2+3, grey, 9, "end", l.Name)
		for j := 0; j < len(l.Points); {
			begin := l.Points[j]
			for j < len(l.Points) && l.Points[j].Value == begin.Value {
				j++
			}
			end := d.to
			if j < len(l.Points) {
				end = l.Points[j].At
			}
			fmt.Fprintf(d.b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
				d.x(begin.At), y, d.x(end)-d.x(begin.At), bar, colours[min(2, max(0, int(begin.Value)))])
		}
	}
	x := 12
	for i, name := range []string{"closed", "half-open", "open"} {
		x = d.key(x, 0, colours[i], name)
	}
}

// legend names the lines below the plot, as many as there is room for.
func (d drawing) legend() {
	x, row := 12, 0
	for i, l := range d.Lines {
		if x+12+6*len(l.Name) > width-margin-10 && x > 12 {
			x, row = 12, row+1
		}
		if row == legendLines {
			return
		}
		x = d.key(x, row, palette(i), l.Name)
	}
}

// key is one entry of a legend; it returns where the next one may begin.
func (d drawing) key(x, row int, colour, name string) int {
	y := top + plotHeight + 30 + 14*row
	fmt.Fprintf(d.b, `<rect x="%d" y="%d" width="10" height="3" fill="%s"/>`+"\n", x, y-4, colour)
	text(d.b, x+14, y, "#c7c7c7", 10, "start", name)
	return x + 26 + 6*len(name)
}
