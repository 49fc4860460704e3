package testkit_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/internal/testkit"
)

func TestMetric_SumsSeries(t *testing.T) {
	reg := prometheus.NewRegistry()
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls"}, []string{"service", "code"})
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "open"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took"})
	reg.MustRegister(calls, open, took)
	calls.WithLabelValues("authors", "200").Add(2)
	calls.WithLabelValues("authors", "500").Add(1)
	calls.WithLabelValues("books", "200").Add(4)
	open.Set(8)
	took.Observe(100)
	took.Observe(200)
	for _, tt := range []struct {
		name   string
		values []string
		want   float64
		found  bool
	}{
		{"calls", nil, 7, true}, {"calls", []string{"authors"}, 3, true}, {"calls", []string{"200", "authors"}, 2, true},
		{"calls", []string{"404"}, 0, false}, {"open", nil, 8, true}, {"took", nil, 2, true}, {"none", nil, 0, false},
	} {
		if got, found := testkit.Metric(t, reg, tt.name, tt.values...); got != tt.want || found != tt.found {
			t.Errorf("%s of %v: %v, %v", tt.name, tt.values, got, found)
		}
	}
}
