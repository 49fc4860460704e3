package telemetry

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tributary/gateway/tracing"
)

// NewRegistry returns a registry that already tells of the Go runtime, the
// process and, as tributary_build_info, of what runs.
func NewRegistry(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "tributary_build_info",
		Help:        "Always 1; the labels tell what runs: its version, the commit that it was built from, and by which Go.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision(), "goversion": runtime.Version()},
	})
	build.Set(1)
	reg.MustRegister(build,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// revision is the commit, where the go command has noted it.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

// Durations are the options of a histogram of seconds: a native one with
// classic buckets beside it, for Prometheus servers that know no other.
func Durations(name, help string) prometheus.HistogramOpts {
	return Histogram(name, help, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
}

// Histogram are the options of a histogram that is a native one, too.
func Histogram(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// Observe notes how long something took, with the trace in which it did when
// that is exported: as an exemplar.
func Observe(ctx context.Context, o prometheus.Observer, took time.Duration) {
	if trace := tracing.Sampled(ctx); trace != "" {
		if e, ok := o.(prometheus.ExemplarObserver); ok {
			e.ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": trace})
			return
		}
	}
	o.Observe(took.Seconds())
}
