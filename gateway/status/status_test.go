package status_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/health"
	"tributary/gateway/status"
)

type answer struct {
	Slots  int
	Health struct{ Status string }

	Samples []status.Sample
}

func ask(t *testing.T, h http.Handler, since int64) answer {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/status.json?since=%d", since), http.NoBody))
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%v, %v: %s", err, w.Header(), w.Body)
	}
	return a
}

// figures are the metrics that the history samples.
type figures struct {
	requests, attempts *prometheus.CounterVec
	operations         *prometheus.CounterVec
	latency            *prometheus.HistogramVec
	breaker            *prometheus.GaugeVec
}

func running(t *testing.T) (*figures, *status.Sampler) {
	t.Helper()
	reg := prometheus.NewRegistry()
	f := &figures{
		requests:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total"}, []string{"endpoint", "status"}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "graphql_operations_total"}, []string{"outcome"}),
		attempts:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "upstream_attempts_total"}, []string{"service_name", "outcome"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds",
			Buckets: []float64{.1, .2}}, []string{"endpoint"}),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "upstream_breaker_state"}, []string{"service_name"}),
	}
	reg.MustRegister(f.requests, f.operations, f.attempts, f.latency, f.breaker)
	checker := &health.Checker{Services: map[string]health.Check{}, Cache: func(context.Context) error { return nil }, Timeout: time.Second}
	h := status.New(reg, checker, status.Options{Endpoints: []string{"/graphql"}, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go h.Run(ctx)
	synctest.Wait()
	return f, h
}

func TestSampler_Deltas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, h := running(t)
		f.requests.WithLabelValues("/graphql", "200").Add(6)
		f.requests.WithLabelValues("/graphql", "503").Add(2)
		f.requests.WithLabelValues("/status.json", "200").Add(100) // watching is no work
		f.operations.WithLabelValues("complete").Add(5)
		f.operations.WithLabelValues("partial").Add(3)
		f.attempts.WithLabelValues("drafts", "ok").Add(4)
		f.attempts.WithLabelValues("drafts", "timeout").Add(2)
		f.attempts.WithLabelValues("drafts", "canceled").Add(2) // its client left
		f.breaker.WithLabelValues("drafts").Set(2)
		for range 100 {
			f.latency.WithLabelValues("/graphql").Observe(.15)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		f.attempts.WithLabelValues("drafts", "ok").Add(1)
		time.Sleep(2 * time.Second)
		synctest.Wait()

		got := ask(t, h, 0).Samples
		if len(got) != 2 {
			t.Fatalf("%d samples", len(got))
		}
		first, drafts := got[0], got[0].Services["drafts"]
		if first.Requests != 4 || first.Failed != 1 || first.Incomplete != 1.5 ||
			drafts != (status.Service{Calls: 4, Failed: 1, Breaker: 2}) {
			t.Errorf("first sample: %+v", first)
		}
		if first.P95 == nil || *first.P95 < 190 || *first.P95 > 200 {
			t.Errorf("95th percentile: %v", first.P95)
		}
		if second := got[1]; second.Requests != 0 || second.P95 != nil || second.Services["drafts"].Calls != .5 {
			t.Errorf("second sample: %+v", second)
		}
		if later := ask(t, h, got[0].Time).Samples; len(later) != 1 || later[0].Time != got[1].Time {
			t.Errorf("since the first: %+v", later)
		}
	})
}

func TestSampler_Bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, h := running(t)
		time.Sleep(time.Hour)
		synctest.Wait()
		a := ask(t, h, 0)
		if len(a.Samples) != a.Slots || time.Since(time.UnixMilli(a.Samples[0].Time)) > 5*time.Minute {
			t.Errorf("%d samples, the oldest of %s", len(a.Samples), time.UnixMilli(a.Samples[0].Time))
		}
	})
}
