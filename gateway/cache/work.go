package cache

import "sync"

// work is what goes on in the background, until it is ended.
type work struct {
	mu    sync.Mutex
	ended bool
	group sync.WaitGroup
}

// Go runs f on a goroutine of its own. What comes after the end is run as well,
// for somebody waits for it, but end has not waited for it: a load that an
// operation began when it was being given up finds its context ended.
func (w *work) Go(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		go f()
		return
	}
	w.group.Go(f)
}

// end waits for all that goes on.
func (w *work) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.group.Wait()
}
