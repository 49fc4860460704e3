package status

import (
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// totals has the numbers of the status page, since the process started.
type totals struct {
	requests, failed, active float64
	incomplete               float64
	hits, misses, stale      float64
	latency                  buckets
	services                 map[string]service
}

type service struct{ calls, failed, inFlight, breaker float64 }

// totalsOf computes totals from metric families. It counts requests to endpoints only.
func totalsOf(families []*dto.MetricFamily, endpoints []string) *totals {
	t := &totals{latency: buckets{}, services: map[string]service{}}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := labelsOf(m)
			counts := slices.Contains(endpoints, labels["endpoint"])
			switch family.GetName() {
			case "http_requests_total":
				if counts {
					t.request(labels["status"], m.GetCounter().GetValue())
				}
			case "http_request_duration_seconds":
				if counts {
					t.latency.add(m.GetHistogram())
				}
			case "graphql_operations_total":
				if labels["outcome"] == "partial" {
					t.incomplete += m.GetCounter().GetValue()
				}
			case "http_active_requests":
				t.active += m.GetGauge().GetValue()
			case "cache_hits_total":
				t.hits += m.GetCounter().GetValue()
			case "cache_misses_total":
				t.misses += m.GetCounter().GetValue()
			case "cache_stale_served_total":
				t.stale += m.GetCounter().GetValue()
			default:
				t.ofService(family.GetName(), labels, m)
			}
		}
	}
	return t
}

func (t *totals) request(status string, n float64) {
	t.requests += n
	if strings.HasPrefix(status, "5") {
		t.failed += n
	}
}

func (t *totals) ofService(family string, labels map[string]string, m *dto.Metric) {
	name := labels["service_name"]
	s := t.services[name]
	switch family {
	case "upstream_attempts_total":
		s.calls += m.GetCounter().GetValue()
		if labels["outcome"] != "ok" && labels["outcome"] != "canceled" {
			s.failed += m.GetCounter().GetValue()
		}
	case "upstream_in_flight":
		s.inFlight += m.GetGauge().GetValue()
	case "upstream_breaker_state":
		s.breaker = max(s.breaker, m.GetGauge().GetValue())
	default:
		return
	}
	t.services[name] = s
}

func (b buckets) add(h *dto.Histogram) {
	for _, bucket := range h.GetBucket() {
		b[bucket.GetUpperBound()] += float64(bucket.GetCumulativeCount())
	}
	if n := len(h.GetBucket()); n == 0 || !math.IsInf(h.GetBucket()[n-1].GetUpperBound(), 1) {
		b[math.Inf(1)] += float64(h.GetSampleCount())
	}
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}
