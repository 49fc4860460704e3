package telemetry

import "github.com/prometheus/client_golang/prometheus"

// CollectorFunc adapts a function to [prometheus.Collector].
type CollectorFunc func(Send)

// Send sends a value of a metric, which is collected, with the values of its labels.
type Send func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string)

// Describe implements [prometheus.Collector].
func (c CollectorFunc) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements [prometheus.Collector].
func (c CollectorFunc) Collect(ch chan<- prometheus.Metric) {
	c(func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	})
}
