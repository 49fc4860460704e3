// Package heap paces the garbage collector by the cost of a collection.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// MinGarbage is the least amount of garbage, in bytes, at which a collection starts.
const MinGarbage = 32 << 20

// StartPacing adjusts GOGC so that a collection starts when the garbage is twice the size
// of the live memory that a collection has to scan, but at least [MinGarbage] bytes,
// until stop is called. Go's default is as much garbage as there is live memory.
// In a small process that is little, and it collects all the time; with a large
// cache of strings, which are not scanned, it is more than necessary.
//
// It does nothing if GOGC is set in the environment, read through getenv.
// GOMEMLIMIT works as in every Go program. Pace affects the whole process.
func StartPacing(getenv func(string) string) (stop func()) {
	if getenv("GOGC") != "" {
		return func() {}
	}
	p := &pacer{percent: goPercent}
	p.adjust()
	return p.stop
}

// goPercent is the pace that Go has by itself.
const goPercent = 100

// pacer adjusts the pace after each collection.
type pacer struct {
	mu      sync.Mutex
	percent int
	stopped bool
}

func (p *pacer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	debug.SetGCPercent(goPercent)
}

// adjust sets GOGC by the results of the last collection. A finalizer calls it again after the
// next one.
func (p *pacer) adjust() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	found := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/total:bytes"}}
	metrics.Read(found)
	percent := percentFor(found[0].Value.Uint64(), found[1].Value.Uint64())
	if change := percent - p.percent; change > p.percent/hysteresis || -change > p.percent/hysteresis {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(&gcHook{p}, func(s *gcHook) { s.adjust() })
}

// gcHook is garbage as soon as it is made.
type gcHook struct{ *pacer }

// hysteresis is the divisor of the smallest change of GOGC that is made: each change stops the
// world.
const hysteresis = 8

// minPercent and most are the bounds of the pace, in percent of what is alive.
const (
	minPercent = 10
	maxPercent = 1000
)

// percentFor returns GOGC, in percent of the live memory, for the sizes of live and of scanned
// memory in bytes.
func percentFor(alive, scanned uint64) int {
	garbage := max(MinGarbage, 2*scanned)
	return int(min(max(minPercent, garbage*100/max(1, alive)), maxPercent))
}
