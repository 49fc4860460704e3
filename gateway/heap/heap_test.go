package heap_test

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"tributary/gateway/heap"
)

func pace() int {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}

// paceIs collects until the pace is within bounds, while something is kept.
func paceIs(t *testing.T, what string, kept any, least, most int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		runtime.GC()
		if p := pace(); p >= least && p <= most {
			runtime.KeepAlive(kept)
			return
		}
	}
	t.Errorf("%s: the pace is %d %%, want %d to %d", what, pace(), least, most)
}

func TestPacer_GCPercent(t *testing.T) {
	nothing := func(string) string { return "" }
	heap.StartPacing(func(asked string) string {
		if asked == "GOGC" {
			return "100"
		}
		return ""
	})
	runtime.GC()
	runtime.GC()
	if pace() != 100 {
		t.Errorf("the environment is not heeded: %d %%", pace())
	}

	stop := heap.StartPacing(nothing)
	paceIs(t, "a small process", nil, 400, 1000)
	paceIs(t, "one that keeps texts", make([]byte, 256<<20), 10, 20)
	paceIs(t, "one that keeps pointers", make([]*int, 8<<20), 150, 220)
	paceIs(t, "a small one again", nil, 400, 1000)
	stop()
	runtime.GC()
	if pace() != 100 {
		t.Errorf("it goes on when it is stopped: %d %%", pace())
	}
}
