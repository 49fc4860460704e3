package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// A lease marks a key as being loaded by one gateway, so that others wait for the result
// instead of calling the upstream as well. Leases are advisory: a gateway that finds none,
// or waits in vain, loads the key itself. A lease is renewed during the load and expires
// soon after its gateway dies.
const (
	leasePrefix = keyPrefix + "~lease:"
	leaseTTL    = 60 * time.Millisecond
	leaseRenew  = 20 * time.Millisecond
)

// newInstanceID returns a unique name for a gateway.
func newInstanceID() string { return rand.Text() }

// Lease takes the leases of names that are free, and returns the names whose leases
// others hold.
func (s *Store) Lease(ctx context.Context, names []string) (held map[string]bool, err error) {
	return s.runLeaseCommands(ctx, "lease", names, func(pipe redis.Pipeliner, key string) {
		pipe.SetNX(ctx, key, s.instanceID, leaseTTL)
	})
}

// Leased returns the names whose leases others hold.
func (s *Store) Leased(ctx context.Context, names []string) (held map[string]bool, err error) {
	return s.runLeaseCommands(ctx, "held", names, func(redis.Pipeliner, string) {})
}

// runLeaseCommands adds the command first for the key of each lease, and returns the names
// whose leases others hold. A value that does not expire in time is not a lease, but was
// put there by another program.
func (s *Store) runLeaseCommands(ctx context.Context, op string, names []string, first func(pipe redis.Pipeliner, key string)) (map[string]bool, error) {
	holders, lefts := make([]*redis.StringCmd, len(names)), make([]*redis.DurationCmd, len(names))
	err := s.pipeline(ctx, op, func(pipe redis.Pipeliner) {
		for i, name := range names {
			first(pipe, leasePrefix+name)
			holders[i], lefts[i] = pipe.Get(ctx, leasePrefix+name), pipe.PTTL(ctx, leasePrefix+name)
		}
	})
	held := map[string]bool{}
	if errors.Is(err, errNotAwaited) {
		return held, err
	}
	for i, name := range names {
		if holders[i] == nil || holders[i].Val() == "" || holders[i].Val() == s.instanceID {
			continue
		}
		if left := lefts[i].Val(); left > 0 && left <= leaseTTL {
			held[name] = true
		}
	}
	return held, err
}

// RenewLeases renews the leases of names until ctx ends.
func (s *Store) RenewLeases(ctx context.Context, names []string) {
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = s.pipeline(ctx, "renew", func(pipe redis.Pipeliner) { // a failure to renew does not stop the load
			for _, name := range names {
				pipe.PExpire(ctx, leasePrefix+name, leaseTTL)
			}
		})
	}
}
