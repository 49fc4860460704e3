package cache

import (
	"errors"
	"sync"
	"time"
)

var errPaused = errors.New("cache: redis failed just now")

// pause keeps callers away from a store that failed: from all but one a
// redisPause, whose success ends it. Its zero value lets everybody through.
type pause struct {
	mu      sync.Mutex
	until   time.Time // zero while the store works
	probing bool
}

// allow tells whether the store may be asked at now. Every true is followed by
// one call of done or unknown.
func (p *pause) allow(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.IsZero() {
		return true
	}
	if p.probing || now.Before(p.until) {
		return false
	}
	p.probing = true
	return true
}

// done notes how it went and tells whether that began or ended a pause.
func (p *pause) done(now time.Time, ok bool) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probing = false
	was := !p.until.IsZero()
	p.until = time.Time{}
	if !ok {
		p.until = now.Add(redisPause)
	}
	return was == ok
}

// unknown notes that nothing was learnt.
func (p *pause) unknown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probing = false
}
