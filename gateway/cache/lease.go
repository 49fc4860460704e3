package cache

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/redis/go-redis/v9"
)

// A lease says that one gateway is loading a key just now, so that the others
// wait for what it brings instead of asking as well. It is a courtesy: a
// gateway that finds no lease, or waits in vain, loads the key itself. A lease
// is renewed while its load goes on and is over soon after its gateway died.
const (
	leasePrefix = keyPrefix + "~lease:"
	leaseTTL    = 60 * time.Millisecond
	leaseRenew  = 20 * time.Millisecond
	leaseLook   = 10 * time.Millisecond  // how often who waits looks again
	leaseWait   = 500 * time.Millisecond // for a load that takes longer, nobody waits
)

// newHolder is a name for a gateway that no other has.
func newHolder() string { return rand.Text() }

// lease takes the leases of names that are free and gives the names that others hold.
func (s *Redis) lease(ctx context.Context, names []string) (held map[string]bool, err error) {
	return s.askHolders(ctx, "lease", names, func(ctx context.Context, pipe redis.Pipeliner, key string) {
		pipe.SetNX(ctx, key, s.holder, leaseTTL)
	})
}

// held gives those of names whose leases others hold.
func (s *Redis) held(ctx context.Context, names []string) (held map[string]bool, err error) {
	return s.askHolders(ctx, "held", names, func(context.Context, redis.Pipeliner, string) {})
}

// askHolders does first what it is told with the key of each lease, and gives
// the names whose leases others hold. What would not be over in time is no
// lease, but something that another program has put there.
func (s *Redis) askHolders(ctx context.Context, op string, names []string, first func(ctx context.Context, pipe redis.Pipeliner, key string)) (map[string]bool, error) {
	holders, lefts := make([]*redis.StringCmd, len(names)), make([]*redis.DurationCmd, len(names))
	err := s.call(ctx, op, func(ctx context.Context, pipe redis.Pipeliner) {
		for i, name := range names {
			first(ctx, pipe, leasePrefix+name)
			holders[i], lefts[i] = pipe.Get(ctx, leasePrefix+name), pipe.PTTL(ctx, leasePrefix+name)
		}
	})
	held := map[string]bool{}
	for i, name := range names {
		if holders[i] == nil || holders[i].Val() == "" || holders[i].Val() == s.holder {
			continue
		}
		if left := lefts[i].Val(); left > 0 && left <= leaseTTL {
			held[name] = true
		}
	}
	return held, err
}

// renew keeps the leases of names until ctx ends.
func (s *Redis) renew(ctx context.Context, names []string) {
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = s.call(ctx, "renew", func(ctx context.Context, pipe redis.Pipeliner) { // who cannot renew goes on without
			for _, name := range names {
				pipe.PExpire(ctx, leasePrefix+name, leaseTTL)
			}
		})
	}
}
