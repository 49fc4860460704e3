package batch

import "sync/atomic"

// How many goroutines load keys that are loaded alone: for one operation at most
// maxWorkers. More than ownWorkers it has only while all operations together have at
// most sharedWorkers of those. Services are called by fewer at a time, and every goroutine
// takes memory while it waits for its call.
const (
	maxWorkers    = 128
	ownWorkers    = 8
	sharedWorkers = 256
)

// alone loads the keys of one operation that are loaded alone, in order of their arrival.
// It is guarded by the mutex of its loads.
type alone[K comparable] struct {
	queue   []K
	workers int
	shared  *atomic.Int64 // number of workers of all operations beyond ownWorkers
}

// add queues a key and reports whether another worker is to be started for it.
func (a *alone[K]) add(key K) (start bool) {
	a.queue = append(a.queue, key)
	switch {
	case a.workers < ownWorkers:
	case a.workers == maxWorkers:
		return false
	case a.shared.Add(1) > sharedWorkers:
		a.shared.Add(-1)
		return false
	}
	a.workers++
	return true
}

// next removes and returns the first key of the queue. If there is none, the worker ends.
func (a *alone[K]) next() (key K, ok bool) {
	if len(a.queue) == 0 {
		if a.workers > ownWorkers {
			a.shared.Add(-1)
		}
		a.workers--
		return key, false
	}
	key = a.queue[0]
	a.queue = a.queue[1:]
	return key, true
}
