package redisstore

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// After an asynchronous failover the promoted server may lack purges that were recorded just
// before. A gateway that meets another server records its own ones of failoverTime again.
// knownServers is how many servers it remembers: a cluster has many.
const (
	failoverTime = 10 * time.Second
	knownServers = 64
)

// servers tells another server from those that a gateway was connected to before, and has the
// purges that it has recorded lately. The zero value is ready to use.
type servers struct {
	mu     sync.Mutex
	known  []string             // by run id, the latest last
	purges map[uint32]time.Time // when they were recorded, by slot
	pruned time.Time            // when older purges were forgotten
	denied bool                 // the servers do not tell who they are
}

// recorded notes a purge of slots that was recorded at now.
func (s *servers) recorded(slots []uint32, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.purges == nil {
		s.purges = map[uint32]time.Time{}
	}
	if now.Sub(s.pruned) > failoverTime {
		maps.DeleteFunc(s.purges, func(_ uint32, at time.Time) bool { return now.Sub(at) > failoverTime })
		s.pruned = now
	}
	for _, slot := range slots {
		s.purges[slot] = now
	}
}

// met notes the run id of a server at now. If it is another one, met returns the slots of the
// purges that it may lack.
func (s *servers) met(id string, now time.Time) (slots []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.known, id) {
		return nil
	}
	s.known = append(s.known, id)
	s.known = s.known[max(0, len(s.known)-knownServers):]
	for slot, at := range s.purges {
		if now.Sub(at) <= failoverTime {
			slots = append(slots, slot)
		}
	}
	return slots
}

// connected is called with each new connection for purges and probes. It cannot fail.
func (s *Store) connected(ctx context.Context, conn *redis.Conn) error {
	s.servers.mu.Lock()
	denied := s.servers.denied
	s.servers.mu.Unlock()
	if denied {
		return nil
	}
	info, err := conn.Info(ctx, "server").Result()
	if isRejection(err) {
		s.servers.mu.Lock()
		s.servers.denied = true
		s.servers.mu.Unlock()
	}
	_, after, told := strings.Cut(info, "run_id:")
	if err != nil || !told {
		return nil //nolint:nilerr // the numbers of purges tell most failovers, too
	}
	id, _, _ := strings.Cut(after, "\r\n")
	if slots := s.servers.met(id, time.Now()); len(slots) > 0 {
		s.table.distrust(slots, 1)
		s.postpone(slots)
	}
	return nil
}
