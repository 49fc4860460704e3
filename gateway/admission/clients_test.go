package admission_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

func TestClients_EachHasItsShare(t *testing.T) {
	c := admission.NewClients(admission.Config{PerClient: 2}, prometheus.NewRegistry())
	enter := func(client string) (leave func(), ok bool) {
		t.Helper()
		leave, err := c.Enter(admission.WithClient(t.Context(), client))
		if f, _ := errors.AsType[*fault.Error](err); err != nil && (f == nil || f.Kind != fault.Throttled) {
			t.Fatal(err)
		}
		return leave, err == nil
	}
	first, _ := enter("a")
	_, second := enter("a")
	_, third := enter("a")
	_, other := enter("b")
	_, anonymous := enter("")
	if !second || third || !other || !anonymous {
		t.Errorf("second %t, third %t, another client's %t, without a client %t", second, third, other, anonymous)
	}
	first()
	if _, ok := enter("a"); !ok {
		t.Error("refused after one has ended")
	}
}

// A client without operations takes no memory.
func TestClients_Forgotten(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := admission.NewClients(admission.Config{PerClient: 1}, reg)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 200 {
				if leave, err := c.Enter(admission.WithClient(t.Context(), fmt.Sprint(i*j))); err == nil {
					leave()
				}
			}
		})
	}
	all.Wait()
	families, err := reg.Gather()
	if err != nil || families[1].GetName() != "admission_clients" || families[1].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Errorf("%v %v", families, err)
	}
}

func TestClients_NoLimit(t *testing.T) {
	c := admission.NewClients(admission.Config{}, prometheus.NewRegistry())
	for range 10_000 {
		if _, err := c.Enter(admission.WithClient(t.Context(), "a")); err != nil {
			t.Fatal(err)
		}
	}
}
