package engine_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
)

// Documents that are new are parsed and validated a few at a time. Those that would wait too
// long are refused, and so can come again; documents that are known need no place.
func TestAdmission_OfDocuments(t *testing.T) {
	const clients, each = 8, 20
	s := newServer(t, engine.Config{DocumentsMB: 4, Admission: admission.Config{Operations: 1000, QueueWait: time.Millisecond}})
	s.ask("{ hello }").expect(200, "")
	var shed atomic.Int32
	var done atomic.Bool
	var all, bystander sync.WaitGroup
	bystander.Go(func() {
		for n := 0; n < 10 || !done.Load(); n++ {
			s.ask("{ hello }").expect(200, "")
		}
	})
	for c := range clients {
		all.Go(func() {
			for n := range each {
				got := s.ask(fmt.Sprintf("{ me { a%dx%d: hello %s } }", c, n, times(1900, " hello")))
				if got.status == 503 {
					shed.Add(1)
					got.expect(503, "OVERLOADED")
					got.expectHeader("Retry-After", `\d+`)
					continue
				}
				got.expect(200, "")
			}
		})
	}
	all.Wait()
	done.Store(true)
	bystander.Wait()
	if n := s.count("admission_documents_shed_total", "wait_too_long"); n == 0 || n != float64(shed.Load()) {
		t.Errorf("%v were shed, and %d answered so", n, shed.Load())
	}
	if parsed := s.count("graphql_documents_total", "parsed"); parsed != float64(1+clients*each-shed.Load()) {
		t.Errorf("%v were parsed, though %d of %d were shed", parsed, shed.Load(), clients*each)
	}
}

// A document that is new to several requests at once is parsed for the first one of them.
func TestAdmission_OfOneDocument(t *testing.T) {
	const clients = 100
	s := newServer(t, engine.Config{DocumentsMB: 64, Admission: admission.Config{Operations: 1000, Queue: clients, QueueWait: time.Minute}})
	begin := make(chan struct{})
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			<-begin
			s.ask("{ me { "+times(1900, " hello")+" } }").expect(200, "")
		})
	}
	close(begin)
	all.Wait()
	if parsed, atOnce := s.count("graphql_documents_total", "parsed"), max(1, runtime.GOMAXPROCS(0)/2); parsed > float64(atOnce) {
		t.Errorf("it was parsed %v times, %d at once", parsed, atOnce)
	}
}

// Where operations may not wait, new documents still do: few are validated at a time, and
// each for a short time.
func TestAdmission_WithoutQueue(t *testing.T) {
	const clients = 30
	s := newServer(t, engine.Config{DocumentsMB: 64, Admission: admission.Config{Operations: clients}})
	begin := make(chan struct{})
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			<-begin
			s.ask(fmt.Sprintf("{ a%d: hello }", c)).expect(200, "")
		})
	}
	close(begin)
	all.Wait()
}
