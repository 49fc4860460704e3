package cache

import (
	"context"
	"time"
)

const (
	// lagWait is how long a load waits for a purge that its client has seen.
	lagWait = 100 * time.Millisecond
	// lagAsk is after what part of that Redis is asked, which costs a transfer of the whole
	// table. Normally the subscription delivers the purge earlier.
	lagAsk = 20 * time.Millisecond
)

// How the gateway has dealt with what clients brought, by the label outcome.
const (
	seenCurrent = "current" // the purge was known
	seenWaited  = "waited"  // it came while the request waited
	seenPast    = "past"    // the request read past the cache
	seenIgnored = "ignored" // the value stands for nothing that is known
)

// follow brings the gateway to the purge that seen stands for, and returns how that ended.
// A purge that could not be recorded matters for ttl; then all that was loaded before it has
// expired.
func (s *Redis) follow(ctx context.Context, seen string, ttl time.Duration) string {
	incarnation, _, _ := s.position.get()
	m, ok := readMark(seen, incarnation)
	if !ok && mayBeMark(seen) && s.mayAskUnknown(time.Now()) { // the table may have been replaced
		<-s.ask(ctx, func() bool { return false })
		incarnation, _, _ = s.position.get()
		m, ok = readMark(seen, incarnation)
	}
	switch {
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
	ctx, cancel := context.WithTimeout(ctx, lagWait)
	defer cancel()
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
// is closed when that is done, or ctx or lagWait has ended.
func (s *Redis) ask(ctx context.Context, enough func() bool) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, lagWait)
	go func() {
		defer cancel()
		_ = s.synchronizeUnless(ctx, enough) // the position tells whether it did
	}()
	return ctx.Done()
}

// mayAskUnknown reports whether Redis may be asked because of a mark that is not known: once
// in pollEvery, so that invented ones cost nothing.
func (s *Redis) mayAskUnknown(now time.Time) bool {
	last := s.askedUnknown.Load()
	return now.UnixNano()-last >= int64(pollEvery) && s.askedUnknown.CompareAndSwap(last, now.UnixNano())
}
