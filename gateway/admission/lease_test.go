package admission_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
)

// A lease that is released while others take from it holds nothing in the end.
func TestLease_ReleasedMeanwhile(t *testing.T) {
	budget := admission.NewBudget(mb, prometheus.GaugeOpts{Name: "held"}, prometheus.CounterOpts{Name: "shed"}, prometheus.NewRegistry())
	for range 200 {
		l := budget.Lease()
		var takers sync.WaitGroup
		for range 3 {
			takers.Go(func() {
				if err := l.Take(t.Context(), 100); err == nil {
					l.Give(40)
				}
			})
		}
		l.Release()
		takers.Wait()
		if err := l.Take(t.Context(), 1); !errors.Is(err, context.Canceled) {
			t.Fatalf("taken from a released lease: %v", err)
		}
		l.Give(1)
	}
	if !budget.TryAcquire(mb) || budget.TryAcquire(1) {
		t.Error("the budget is not what it was")
	}
}

func TestLease_NilPermitsEverything(t *testing.T) {
	var l *admission.Lease
	if err := l.Take(t.Context(), 1<<40); err != nil {
		t.Error(err)
	}
	l.Give(1)
	l.Release()
}
