package cache

import "sync"

// work is a group of background goroutines that can be closed.
type work struct {
	mu    sync.Mutex
	ended bool
	group sync.WaitGroup
}

// Go runs f on a new goroutine. After end it still runs f, because a caller waits for
// the result, but end does not wait for it: a load that is started so late finds its
// context cancelled.
func (w *work) Go(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		go f()
		return
	}
	w.group.Go(f)
}

// end waits for all goroutines that were started before.
func (w *work) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.group.Wait()
}
