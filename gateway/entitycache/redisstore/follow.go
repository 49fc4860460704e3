package redisstore

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// followAsk is after what part of that Redis is asked, which costs a transfer of the whole
	// table. Normally the subscription delivers the purge earlier.
	followAsk = 20 * time.Millisecond
	// followWait is how long a synchronization because of a mark may take.
	followWait = 100 * time.Millisecond
	// unverifiedPerSecond is how many requests may read past the cache because of a value that
	// cannot be verified, as no table was read yet: invented ones must not disable the cache.
	unverifiedPerSecond = 20
)

// How the gateway has dealt with what clients brought, by the label outcome.
const (
	SeenCurrent = "current" // the purge was known
	SeenWaited  = "waited"  // it came while the request waited
	SeenPast    = "past"    // the request read past the cache
	SeenIgnored = "ignored" // the value stands for nothing that is known
)

// FollowAll follows several values one after the other, and returns the end that matters
// most.
func (s *Store) FollowAll(ctx context.Context, seen []string, ttl time.Duration) string {
	severity := []string{SeenIgnored, SeenCurrent, SeenWaited, SeenPast}
	worst := 0
	for _, text := range seen {
		worst = max(worst, slices.Index(severity, s.follow(ctx, text, ttl)))
	}
	return severity[worst]
}

// follow brings the gateway to the purge that seen stands for, and returns how that ended.
// A purge that could not be recorded matters for ttl; then all that was loaded before it has
// expired.
func (s *Store) follow(ctx context.Context, seen string, ttl time.Duration) string {
	incarnation, _, _ := s.position.get()
	m, ok := readMark(seen, incarnation)
	if !ok && MayBeMark(seen) {
		s.askUnknown(ctx) // the table may have been replaced
		incarnation, _, _ = s.position.get()
		m, ok = readMark(seen, incarnation)
	}
	switch {
	case !ok && incarnation == 0 && MayBeMark(seen) && s.unverified.take(time.Now()):
		return SeenPast
	case !ok:
		return SeenIgnored
	case m.kind == markRecorded:
		return s.await(ctx, m)
	case m.kind == markOwed && time.Since(time.UnixMilli(m.value)) < ttl:
		return SeenPast
	}
	return SeenIgnored
}

// await waits until this gateway has dropped what the purge of a mark drops.
func (s *Store) await(ctx context.Context, m Mark) string {
	reached := func() (bool, <-chan struct{}) {
		incarnation, purges, moved := s.position.get()
		return incarnation != m.incarnation || purges >= m.value, moved // in another table, everything was dropped
	}
	there, moved := reached()
	if there {
		return SeenCurrent
	}
	if s.breaker.open.Load() {
		return SeenPast
	}
	delay := followAsk
	if !s.listening.Load() {
		delay = 0
	}
	asking := time.NewTimer(delay)
	defer asking.Stop()
	var asked <-chan struct{}
	for !there {
		select {
		case <-moved:
		case <-asking.C:
			asked = s.ask(ctx, func() bool { there, _ := reached(); return there })
		case <-asked:
			if there, _ = reached(); !there { // Redis cannot be reached, or has lost the purge
				return SeenPast
			}
		case <-ctx.Done():
			return SeenPast
		}
		there, moved = reached()
	}
	return SeenWaited
}

// ask synchronizes with Redis, unless enough reports that this was done meanwhile. The channel
// is closed when that is done, or ctx or followWait has ended.
func (s *Store) ask(ctx context.Context, enough func() bool) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, followWait)
	go func() {
		defer cancel()
		_ = s.synchronizeUnless(ctx, enough) // the position tells whether it did
	}()
	return ctx.Done()
}

// askUnknown synchronizes with Redis because of a mark that is not known: at most once in
// pollEvery, so that invented ones cost nothing. It waits for a synchronization that another
// mark began.
func (s *Store) askUnknown(ctx context.Context) {
	s.unknown.mu.Lock()
	if now := time.Now(); now.Sub(s.unknown.at) >= pollEvery {
		s.unknown.at, s.unknown.done = now, s.ask(context.WithoutCancel(ctx), func() bool { return false })
	}
	done := s.unknown.done
	s.unknown.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// unknownAsk is the last synchronization because of a mark that was not known.
type unknownAsk struct {
	mu   sync.Mutex
	at   time.Time       // when it began
	done <-chan struct{} // closed when it has ended
}

// allowance permits unverifiedPerSecond events in each second. The zero value is ready to use.
type allowance struct {
	mu     sync.Mutex
	second int64
	taken  int
}

func (a *allowance) take(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second := now.Unix(); second != a.second {
		a.second, a.taken = second, 0
	}
	a.taken++
	return a.taken <= unverifiedPerSecond
}

// position is how far this gateway has followed the purges that are recorded in Redis: all
// entries that they drop have been dropped here. Its zero value is ready to use.
type position struct {
	mu          sync.Mutex
	incarnation int64 // of the table; 0: none was read yet
	purges      int64
	moved       chan struct{} // closed at the next move; nil if no caller waits
}

// advance changes the copy of the table, drops the entries in the slots that changed, and
// announces the position that was reached by that.
func (s *Store) advance(change func() (changed []uint32)) {
	p := &s.position
	p.mu.Lock()
	defer p.mu.Unlock()
	if changed := change(); len(changed) > 0 {
		s.onPurge(changed)
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
