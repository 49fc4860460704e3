package testkit

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric returns the sum of a metric over its series that have all of the label values, and
// whether there is one. Of a histogram it is the number of observations. T is that of a test
// or of a property.
func Metric(t interface {
	Helper()
	Fatal(args ...any)
}, from prometheus.Gatherer, name string, values ...string) (sum float64, found bool) {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			has := make([]string, 0, len(m.GetLabel()))
			for _, l := range m.GetLabel() {
				has = append(has, l.GetValue())
			}
			if slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(has, v) }) {
				continue
			}
			found = true
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum, found
}
