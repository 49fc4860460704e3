// Package report turns rounds of measurements into tables, and into bars.
package report

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Round is what one subject took for one scenario in one round.
type Round struct {
	CPU       float64 // µs a request
	PerSecond float64 // requests
	P50, P99  float64 // ms
	Calls     float64 // upstream calls a request
	PeakMB    float64 // of the process so far
}

// Goal is what a subject is to reach beside another: one of the three.
type Goal struct {
	Subject, Base string
	CPU           float64 // maximum, in relation to the base
	PerSecond     float64 // minimum, in relation to the base
	MoreMS        float64 // at most so much more than the base at p50
}

// Table has the results of one scenario.
type Table struct {
	Name, Title, Base string
	Rounds            map[string][]Round
	Goals             []Goal
}

// Memory is what a gateway takes that holds profiles in its cache.
type Memory struct {
	Profiles                          int
	StartMB, NowMB, PeakMB, EntriesMB float64
}

// Report is one run.
type Report struct {
	Machine  string
	Versions []string // of the subjects
	Load     string   // of the machine during the run, see [Load]
	Rounds   int
	Duration time.Duration
	Tables   []Table
	Memory   *Memory
}

// ThisMachine names the processor, the system and the version of Go.
func ThisMachine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.Version())
}

// Load returns the load average of the last 15 minutes. If it is more than the number of cores,
// other processes have disturbed the measurement.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return "unknown"
	}
	return fields[2]
}

// Median returns median, minimum and maximum of a figure over the rounds of a subject.
func (t Table) Median(subject string, figure func(Round) float64) (median, least, most float64) {
	var all []float64
	for _, r := range t.Rounds[subject] {
		all = append(all, figure(r))
	}
	slices.Sort(all)
	return all[len(all)/2], all[0], all[len(all)-1]
}

func cpu(r Round) float64       { return r.CPU }
func perSecond(r Round) float64 { return r.PerSecond }
func p50(r Round) float64       { return r.P50 }

// spread formats the median of a figure with its minimum and maximum.
func (t Table) spread(subject, format, unit string, figure func(Round) float64) string {
	median, least, most := t.Median(subject, figure)
	return fmt.Sprintf(format+unit+" ("+format+"–"+format+")", median, least, most)
}

// subjects are those of a table, the cheapest first.
func (t Table) subjects() []string {
	var names []string
	for name := range t.Rounds {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		ca, _, _ := t.Median(a, cpu)
		cb, _, _ := t.Median(b, cpu)
		return int(ca - cb)
	})
	return names
}

// Markdown writes a table with its goals below.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", t.Title)
	fmt.Fprintf(&b, "| | CPU a request | in relation | requests a second | p50 | p99 | upstream calls | peak memory |\n")
	fmt.Fprintf(&b, "| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	base, _, _ := t.Median(t.Base, cpu)
	for _, name := range t.subjects() {
		c, _, _ := t.Median(name, cpu)
		tail, _, _ := t.Median(name, func(r Round) float64 { return r.P99 })
		calls, _, _ := t.Median(name, func(r Round) float64 { return r.Calls })
		_, _, peak := t.Median(name, func(r Round) float64 { return r.PeakMB })
		fmt.Fprintf(&b, "| %s | %s | %.2f | %s | %s | %.2f ms | %.1f | %.0f MB |\n", name, t.spread(name, "%.0f", " µs", cpu), c/base,
			t.spread(name, "%.0f", "", perSecond), t.spread(name, "%.2f", " ms", p50), tail, calls, peak)
	}
	b.WriteByte('\n')
	for _, g := range t.Goals {
		if text := t.judge(g); text != "" {
			fmt.Fprintf(&b, "%s\n\n", text)
		}
	}
	return b.String()
}

// judge reports whether a goal is met.
func (t Table) judge(g Goal) string {
	if len(t.Rounds[g.Subject]) == 0 || len(t.Rounds[g.Base]) == 0 {
		return ""
	}
	verdict := map[bool]string{true: "met", false: "**not met**"}
	of := func(figure func(Round) float64) (mine, base float64) {
		mine, _, _ = t.Median(g.Subject, figure)
		base, _, _ = t.Median(g.Base, figure)
		return mine, base
	}
	switch {
	case g.MoreMS > 0:
		mine, base := of(p50)
		return fmt.Sprintf("Goal: p50 at most %.1f ms more than the %s; it is %.2f ms more: %s.", g.MoreMS, g.Base,
			mine-base, verdict[mine-base <= g.MoreMS])
	case g.PerSecond > 0:
		mine, base := of(perSecond)
		return fmt.Sprintf("Goal: at least %.2f × the requests a second of the %s; it is %.2f: %s.", g.PerSecond, g.Base,
			mine/base, verdict[mine/base >= g.PerSecond])
	}
	mine, base := of(cpu)
	return fmt.Sprintf("Goal: at most %.2f × the CPU of the %s; it is %.2f: %s.", g.CPU, g.Base, mine/base, verdict[mine/base <= g.CPU])
}

// Write writes RESULTS.md and the bars into a folder.
func (r Report) Write(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(r.Markdown()), 0o644); err != nil { //nolint:gosec // G306: to be read by all
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bars.svg"), []byte(r.Bars()), 0o644) //nolint:gosec // G306: to be read by all
}
