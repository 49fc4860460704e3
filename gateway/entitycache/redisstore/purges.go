package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/gateway/entitycache/generation"
)

const (
	// purgeChannel is the channel on which gateways publish their purges.
	purgeChannel = keyPrefix + "~purges"

	purgeBudget    = probeBudget // for recording a purge
	pollEvery      = time.Second // between comparisons of the number of purges
	subscribeAgain = 250 * time.Millisecond
)

// Distrust makes names in slots have no valid stamp, until [Store.Purge] of the same slots has
// recorded their purge, which must be called once.
func (s *Store) Distrust(slots []uint32) { s.table.distrust(slots, 1) }

// Purge begins the next generation of slots, which are distrusted, for all gateways. When it
// is recorded, they no longer are: if purge fails, a later synchronization records it.
func (s *Store) Purge(ctx context.Context, slots []uint32) error {
	ctx, cancel := context.WithTimeout(ctx, purgeBudget)
	defer cancel()
	err := ErrUnavailable
	if !s.breaker.open.Load() {
		var complete bool
		if complete, err = s.record(ctx, slots); err == nil && !complete {
			err = s.synchronize(ctx)
		}
	}
	if err != nil {
		s.postpone(slots)
		s.breaker.recordFailure()
		return err
	}
	s.servers.recorded(slots, time.Now())
	s.table.distrust(slots, -1)
	return nil
}

// dropAll drops everything from memory after this gateway was cut off from Redis. The table
// tells what was purged meanwhile, unless Redis lost that too.
func (s *Store) dropAll() { s.onPurge([]uint32{generation.SlotOf(generation.All)}) }

// publish tells the other gateways of a purge. If this gateway may not, they find out when
// they compare the number of purges.
func (s *Store) publish(ctx context.Context, n purgeMessage) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	err = s.control.Publish(ctx, purgeChannel, text).Err()
	if !isRejection(err) {
		return err
	}
	if s.publishDenied.CompareAndSwap(false, true) {
		s.log.WarnContext(ctx, "redis does not permit PUBLISH: other gateways receive purges by polling", "error", err.Error())
	}
	return nil
}

// Listen keeps the table up to date until ctx ends: by the messages of other gateways, and
// by comparing the number of purges, as a subscription may end without notice.
func (s *Store) Listen(ctx context.Context) {
	renew := make(chan struct{}, 1)
	subscribed := make(chan struct{})
	go func() {
		defer close(subscribed)
		s.subscribe(ctx, renew)
	}()
	defer func() { <-subscribed }()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	_, known := s.table.version()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.breaker.open.Load() {
			continue // its probes synchronize
		}
		if known > s.lastDelivered.Load() && s.listening.Load() { // for a whole interval
			s.lastDelivered.Store(known)
			select {
			case renew <- struct{}{}:
			default:
			}
		}
		polling, cancel := context.WithTimeout(ctx, probeBudget)
		err := s.synchronize(polling)
		cancel()
		if err != nil && ctx.Err() == nil && !errors.Is(err, redis.ErrPoolTimeout) {
			s.breaker.recordFailure()
		}
		_, known = s.table.version()
	}
}

// subscribe receives messages until ctx ends. It makes a new subscription when one fails,
// or when renew tells that it has not delivered a purge.
func (s *Store) subscribe(ctx context.Context, renew <-chan struct{}) {
	for ctx.Err() == nil {
		subscribed, end := context.WithCancel(ctx)
		failed := make(chan error, 1)
		go func() { failed <- s.receive(subscribed) }()
		var err error
		select {
		case err = <-failed:
		case <-renew:
			end()
			<-failed //nolint:errcheck // it was ended here
		}
		end()
		s.listening.Store(false)
		if isRejection(err) && s.subscribeDenied.CompareAndSwap(false, true) {
			s.log.WarnContext(ctx, "redis does not permit SUBSCRIBE: purges of other gateways are received by polling", "error", err.Error(), "interval", pollEvery.String())
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		wait := subscribeAgain
		if isRejection(err) {
			wait = 4 * pollEvery
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// receive applies messages until ctx ends or the subscription fails.
func (s *Store) receive(ctx context.Context) error {
	sub := s.control.Subscribe(ctx, purgeChannel)
	closes := context.AfterFunc(ctx, func() { _ = sub.Close() }) // interrupts Receive
	defer func() {
		if closes() {
			_ = sub.Close() // nothing depends on its error
		}
	}()
	for {
		message, err := sub.Receive(ctx)
		if err != nil {
			return err
		}
		switch message := message.(type) {
		case *redis.Subscription:
			_, known := s.table.version()
			s.lastDelivered.Store(known)
			s.listening.Store(true)
			if s.subscribeDenied.CompareAndSwap(true, false) {
				s.log.InfoContext(ctx, "redis permits SUBSCRIBE again")
			}
			s.catchUp(ctx) // with what was purged before
		case *redis.Message:
			var n purgeMessage
			if json.Unmarshal([]byte(message.Payload), &n) != nil {
				continue
			}
			complete := false
			s.advance(func() (changed []uint32) {
				changed, complete = s.table.apply(n)
				return changed
			})
			if !complete {
				s.catchUp(ctx)
			}
			_, known := s.table.version()
			s.lastDelivered.Store(known)
		}
	}
}

// catchUp synchronizes after a message. If that fails, the next poll does.
func (s *Store) catchUp(ctx context.Context) {
	if s.breaker.open.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeBudget)
	defer cancel()
	_ = s.synchronize(ctx)
}
