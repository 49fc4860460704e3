package cache

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// lagAsk is after what part of that Redis is asked, which costs a transfer of the whole
	// table. Normally the subscription delivers the purge earlier.
	lagAsk = 20 * time.Millisecond
	// unverifiedPerSecond is how many requests may read past the cache because of a value that
	// cannot be verified, as no table was read yet: invented ones must not disable the cache.
	unverifiedPerSecond = 20
)

// How the gateway has dealt with what clients brought, by the label outcome.
const (
	seenCurrent = "current" // the purge was known
	seenWaited  = "waited"  // it came while the request waited
	seenPast    = "past"    // the request read past the cache
	seenIgnored = "ignored" // the value stands for nothing that is known
)

// followAll follows several values one after the other, and returns the end that matters
// most.
func (s *Redis) followAll(ctx context.Context, seen []string, ttl time.Duration) string {
	order := []string{seenIgnored, seenCurrent, seenWaited, seenPast}
	worst := 0
	for _, text := range seen {
		worst = max(worst, slices.Index(order, s.follow(ctx, text, ttl)))
	}
	return order[worst]
}

// follow brings the gateway to the purge that seen stands for, and returns how that ended.
// A purge that could not be recorded matters for ttl; then all that was loaded before it has
// expired.
func (s *Redis) follow(ctx context.Context, seen string, ttl time.Duration) string {
	incarnation, _, _ := s.position.get()
	m, ok := readMark(seen, incarnation)
	if !ok && mayBeMark(seen) {
		s.askUnknown(ctx) // the table may have been replaced
		incarnation, _, _ = s.position.get()
		m, ok = readMark(seen, incarnation)
	}
	switch {
	case !ok && incarnation == 0 && mayBeMark(seen) && s.unverified.take(time.Now()):
		return seenPast
	case !ok:
		return seenIgnored
	case m.kind == markRecorded:
		return s.await(ctx, m)
	case m.kind == markOwed && time.Since(time.UnixMilli(m.value)) < ttl:
		return seenPast
	}
	return seenIgnored
}

// await waits until this gateway has dropped what the purge of a mark drops.
func (s *Redis) await(ctx context.Context, m mark) string {
	reached := func() (bool, <-chan struct{}) {
		incarnation, purges, moved := s.position.get()
		return incarnation != m.incarnation || purges >= m.value, moved // in another table, everything was dropped
	}
	there, moved := reached()
	if there {
		return seenCurrent
	}
	if s.breaker.open.Load() {
		return seenPast
	}
	patience := lagAsk
	if !s.listening.Load() {
		patience = 0
	}
	asking := time.NewTimer(patience)
	defer asking.Stop()
	var asked <-chan struct{}
	for !there {
		select {
		case <-moved:
		case <-asking.C:
			asked = s.ask(ctx, func() bool { there, _ := reached(); return there })
		case <-asked:
			if there, _ = reached(); !there { // Redis cannot be reached, or has lost the purge
				return seenPast
			}
		case <-ctx.Done():
			return seenPast
		}
		there, moved = reached()
	}
	return seenWaited
}

// ask synchronizes with Redis, unless enough reports that this was done meanwhile. The channel
// is closed when that is done, or ctx or sessionWait has ended.
func (s *Redis) ask(ctx context.Context, enough func() bool) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, sessionWait)
	go func() {
		defer cancel()
		_ = s.synchronizeUnless(ctx, enough) // the position tells whether it did
	}()
	return ctx.Done()
}

// askUnknown synchronizes with Redis because of a mark that is not known: at most once in
// pollEvery, so that invented ones cost nothing. It waits for a synchronization that another
// mark began.
func (s *Redis) askUnknown(ctx context.Context) {
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
