package report

import (
	"fmt"
	"strings"
)

// Markdown is the whole report.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Side by side

One run of `+"`make bench-compare`"+` on %s; the load of the machine was %s.
Versions: %s.

%d rounds of %v each, in rotation, after one to warm up: medians, with the
least and the most. Processor time is what the operating system
accounts to each server's process, in user space and in the kernel. Client and
upstreams run on the same cores, in processes of their own, so that requests a
second say more about the machine than about the server; what is to be compared
is the processor time, and within one run only.

Tributary is the real binary with its defaults: caches, metrics, limits and the
log (to a file) are on. But for two: with the response cache off entities are
kept for ten minutes, and where the entity is in Redis for an hour, with 1 MB in
memory and no responses. All answers were equal before anything was measured.
Cold work asks for new ids each time: equal loads are shared, as the work that is
asked for by eight at a time shows.

`, r.Machine, r.Load, strings.Join(r.Versions, ", "), r.Rounds, r.Duration)
	for _, t := range r.Tables {
		b.WriteString(t.Markdown())
	}
	if m := r.Memory; m != nil {
		fmt.Fprintf(&b, "### Memory\n\nResident at the start: %.0f MB. With %d profiles cached: %.0f MB (at most %.0f MB on the way), "+
			"of which the cache counts %.0f MB as its entries: %.0f MB beside them.\n",
			m.StartMB, m.Profiles, m.NowMB, m.PeakMB, m.EntriesMB, m.NowMB-m.EntriesMB)
	}
	return b.String()
}
