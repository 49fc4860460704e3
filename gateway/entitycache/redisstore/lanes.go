package redisstore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// lanesOpen is the maximum number of round trips to Redis in flight, and laneCommands the
// number of commands from which on a round trip takes no more; it is even, so that the two of
// a lookup stay together. There are more connections, so that none has to wait for one.
const (
	lanesOpen    = 3
	laneCommands = 512
)

// lanes sends the commands of concurrent callers together: while as many round trips are in
// flight as may be, commands queue, and the next round trip takes all of them. So hundreds of
// lookups that start at the same time take a few round trips. A caller that finds a lane
// free, and has time to wait for the answer, sends its commands itself, without a goroutine.
type lanes struct {
	exec     func(redis.Pipeliner)
	pipeline func() redis.Pipeliner

	mu      sync.Mutex
	queue   []*parcel
	open    int
	running sync.WaitGroup
}

// parcel has commands of one caller.
type parcel struct {
	cmds     []redis.Cmder
	left     *atomic.Bool  // the caller no longer waits; shared by its parcels
	answered chan struct{} // closed when they have been executed
}

// run executes cmds, the commands of pipe. If ctx ends earlier, or they wait too long for a
// lane, they must not be read, and it returns errNotAwaited.
func (l *lanes) run(ctx context.Context, cmds []redis.Cmder, pipe redis.Pipeliner) error {
	deadline, limited := ctx.Deadline()
	alone := len(cmds) <= laneCommands && (!limited || time.Until(deadline) >= roundTripBudget)
	l.mu.Lock()
	free := l.open < lanesOpen
	if free {
		l.open++
		l.running.Add(1)
		if alone {
			l.mu.Unlock()
			l.exec(pipe)
			l.next()
			return nil
		}
	}
	var parcels []*parcel
	var left atomic.Bool
	for part := range slices.Chunk(cmds, laneCommands) {
		parcels = append(parcels, &parcel{part, &left, make(chan struct{})})
	}
	l.queue = append(l.queue, parcels...)
	l.mu.Unlock()
	if free {
		go l.drain() //nolint:gosec // G118: what it sends belongs to all callers
	}
	tooLate := time.NewTimer(2 * roundTripBudget)
	defer tooLate.Stop()
	for _, p := range parcels {
		select {
		case <-p.answered:
		case <-tooLate.C:
			left.Store(true)
			return errNotAwaited
		case <-ctx.Done():
			left.Store(true)
			return errNotAwaited
		}
	}
	return nil
}

// next closes the caller's lane, or leaves it to the commands that queue.
func (l *lanes) next() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.open--
		l.running.Done()
		return
	}
	go l.drain()
}

// drain sends what queues until nothing does.
func (l *lanes) drain() {
	for {
		taken := l.take()
		if taken == nil {
			return
		}
		pipe := l.pipeline()
		for _, p := range taken {
			if p.left.Load() {
				continue
			}
			for _, cmd := range p.cmds {
				_ = pipe.Process(context.Background(), cmd) // it only queues the command
			}
		}
		if pipe.Len() > 0 {
			l.exec(pipe)
		}
		for _, p := range taken {
			close(p.answered)
		}
	}
}

// take removes parcels from the queue, or closes the lane if there is none.
func (l *lanes) take() (taken []*parcel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, commands := 0, 0
	for n < len(l.queue) && commands < laneCommands {
		commands += len(l.queue[n].cmds)
		n++
	}
	if n == 0 {
		l.open--
		l.running.Done()
		return nil
	}
	taken, l.queue = l.queue[:n:n], l.queue[n:]
	return taken
}

// wait waits until no round trip is in flight. No caller may come any more.
func (l *lanes) wait() { l.running.Wait() }
