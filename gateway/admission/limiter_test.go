package admission_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
	"tributary/internal/testkit"
)

// enter acquires a slot and returns the outcome: "in", a reason, or the error of the context.
func enter(ctx context.Context, g *admission.Limiter) (leave func(), got string) {
	leave, err := g.Acquire(ctx)
	f, refused := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return leave, "in"
	case refused:
		return nil, f.Kind.Reason()
	}
	return nil, err.Error()
}

// full returns a limiter of two slots, both in use, and a queue of one for a second.
func full(t *testing.T) (g *admission.Limiter, leave func(), reg *prometheus.Registry) {
	t.Helper()
	reg = prometheus.NewRegistry()
	g = admission.NewLimiter(admission.Config{Operations: 2, Queue: 1, QueueWait: time.Second}, reg)
	var leaves []func()
	for range 2 {
		leave, got := enter(t.Context(), g)
		if got != "in" {
			t.Fatalf("with room: %s", got)
		}
		leaves = append(leaves, leave)
	}
	return g, func() { leaves[0](); leaves[1]() }, reg
}

// expect compares the metrics with the expected numbers of running, waiting and rejected
// operations.
func expect(t *testing.T, reg *prometheus.Registry, running, waiting, shed float64) {
	t.Helper()
	got := map[string]float64{}
	for _, name := range []string{"running", "waiting", "shed_total"} {
		got[name], _ = testkit.Metric(t, reg, "admission_operations_"+name)
	}
	if got["running"] != running || got["waiting"] != waiting || got["shed_total"] != shed {
		t.Errorf("figures are %v, want %v running, %v waiting, %v shed", got, running, waiting, shed)
	}
}

func TestLimiter_QueueAndReject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, leave, reg := full(t)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			out, got := enter(t.Context(), g)
			if got != "in" {
				t.Errorf("one that waited: %s", got)
				return
			}
			out()
		})
		synctest.Wait()
		expect(t, reg, 2, 1, 0)
		start := time.Now()
		for range 5 {
			if _, got := enter(t.Context(), g); got != "overloaded" || time.Since(start) > 0 {
				t.Errorf("one too many: %s after %v", got, time.Since(start))
			}
		}
		leave()
		waiting.Wait()
		out, got := enter(t.Context(), g)
		if got != "in" {
			t.Errorf("with room again: %s", got)
		}
		expect(t, reg, 1, 0, 5)
		out()
	})
}

func TestLimiter_WaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, leave, reg := full(t)
		defer leave()
		start := time.Now()
		if _, got := enter(t.Context(), g); got != "overloaded" || time.Since(start) != time.Second {
			t.Errorf("%s after %v", got, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, got := enter(ctx, g); got != context.DeadlineExceeded.Error() {
			t.Errorf("one whose time was over first: %s", got)
		}
		expect(t, reg, 2, 0, 1)
	})
}

func TestLimiter_Unlimited(t *testing.T) {
	g := admission.NewLimiter(admission.Config{}, prometheus.NewRegistry())
	for range 1000 {
		if _, got := enter(t.Context(), g); got != "in" {
			t.Fatal(got)
		}
	}
}

func TestConfig_InvalidIsNamed(t *testing.T) {
	for name, c := range map[string]admission.Config{
		"max-operations": {Operations: -1}, "operation-queue": {Queue: -1}, "operation-queue-wait": {QueueWait: -1},
		"graphql-bodies-mb": {BodiesMB: -1},
	} {
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), name+" ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (admission.Config{}).Validate(); err != nil {
		t.Error(err)
	}
}

// As many documents wait as operations may be executed and wait, so that parsing refuses
// nothing that execution would admit.
func TestDocumentGate_QueueOfOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := admission.NewDocumentLimiter(admission.Config{Operations: 3, Queue: 2, QueueWait: time.Minute}, prometheus.NewRegistry())
		slots := max(1, runtime.GOMAXPROCS(0)/2)
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		var entered, refused atomic.Int64
		for range slots + 3 + 2 {
			go func() {
				if _, err := g.Acquire(ctx); err == nil {
					entered.Add(1)
				} else if isOverloaded(err) {
					refused.Add(1)
				}
			}()
		}
		synctest.Wait()
		if entered.Load() != int64(slots) || refused.Load() != 0 {
			t.Errorf("%d of %d entered, %d were refused", entered.Load(), slots, refused.Load())
		}
		if _, err := g.Acquire(ctx); !isOverloaded(err) {
			t.Errorf("one beyond the queue: %v", err)
		}
		leave()
		synctest.Wait()
	})
}
