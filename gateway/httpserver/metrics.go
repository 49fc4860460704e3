package httpserver

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/telemetry"
)

type metrics struct {
	series *telemetry.SeriesCache[answer, series]
	active prometheus.Gauge
	panics prometheus.Counter
}

// answer has the labels by which metrics distinguish requests.
type answer struct {
	method, endpoint string
	status           int
}

type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

func newMetrics(reg prometheus.Registerer) *metrics {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Requests answered, by method, route pattern and status.",
	}, []string{"method", "endpoint", "status"})
	duration := prometheus.NewHistogramVec(
		telemetry.Durations("http_request_duration_seconds", "How long requests took, by method and route pattern."),
		[]string{"method", "endpoint"})
	m := &metrics{
		series: telemetry.NewSeriesCache(func(a answer) series {
			return series{
				requests.WithLabelValues(a.method, a.endpoint, strconv.Itoa(a.status)),
				duration.WithLabelValues(a.method, a.endpoint),
			}
		}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_active_requests",
			Help: "Requests in flight.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_panics_total",
			Help: "Panics of handlers; each failed one request.",
		}),
	}
	reg.MustRegister(requests, duration, m.active, m.panics)
	return m
}
