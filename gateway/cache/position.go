package cache

import "sync"

// position is how far this gateway has followed the purges that are recorded in Redis: all
// entries that they drop have been dropped here. Its zero value is ready to use.
type position struct {
	mu          sync.Mutex
	incarnation int64 // of the table; 0: none was read yet
	purges      int64
	moved       chan struct{} // closed at the next move; nil if nobody waits
}

// advance changes the copy of the table, drops the entries in the slots that changed, and
// announces the position that was reached by that.
func (s *Redis) advance(change func() (changed []uint32)) {
	p := &s.position
	p.mu.Lock()
	defer p.mu.Unlock()
	if changed := change(); len(changed) > 0 {
		s.purged(changed)
	}
	incarnation, purges := s.table.version()
	if incarnation == p.incarnation && purges == p.purges {
		return
	}
	p.incarnation, p.purges = incarnation, purges
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}

// get returns the position, and a channel that is closed when it changes.
func (p *position) get() (incarnation, purges int64, moved <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved == nil {
		p.moved = make(chan struct{})
	}
	return p.incarnation, p.purges, p.moved
}
