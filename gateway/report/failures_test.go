package report_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"tributary/gateway/report"
)

func TestReport_Failures(t *testing.T) {
	_, r := report.With(t.Context())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 25_000 {
				r.Failed(report.Failure{Field: fmt.Sprint("Type.field", i%20), Service: "poets", Code: "UPSTREAM_TIMEOUT"}, errors.New("it is late"))
			}
		})
	}
	all.Wait()
	different, others := r.TakeFailures()
	sum := others
	for _, f := range different {
		if f.Count != 5000 || f.Error != "it is late" {
			t.Errorf("%+v", f)
		}
		sum += f.Count
	}
	if len(different) != 12 || sum != 100_000 || r.FailureCount() != 100_000 {
		t.Errorf("%d different ones, %d of %d", len(different), sum, r.FailureCount())
	}
	if different, others := r.TakeFailures(); len(different)+others != 0 {
		t.Errorf("%v and %d others are taken twice", different, others)
	}
}

func TestReport_FailuresApart(t *testing.T) {
	_, r := report.With(t.Context())
	failures := []report.Failure{
		{Field: "Query.a", Service: "poets", Code: "X"},
		{Field: "Query.b", Service: "poets", Code: "X"},
		{Field: "Query.a", Service: "drafts", Code: "X"},
		{Field: "Query.a", Service: "poets", Code: "Y"},
	}
	for _, f := range append(failures, failures[0]) {
		r.Failed(f, errors.New(f.Field))
	}
	different, _ := r.TakeFailures()
	if len(different) != 4 {
		t.Fatalf("got %+v", different)
	}
	for i, f := range failures {
		f.Error, f.Count = f.Field, 1
		if i == 0 {
			f.Count = 2
		}
		if different[i] != f {
			t.Errorf("got %+v, want %+v", different[i], f)
		}
	}
}
