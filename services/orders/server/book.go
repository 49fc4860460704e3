package server

import (
	"context"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
)

// orderBook has all orders. Neither an order nor a list is modified once it is in the
// book, only replaced, so that answers can be written without the lock.
type orderBook struct {
	mu     sync.RWMutex
	byUser map[string][]*Order // oldest first
	userOf map[string]string   // by order
}

func newOrderBook(byUser map[string][]*Order) *orderBook {
	b := &orderBook{byUser: byUser, userOf: map[string]string{}}
	for user, list := range byUser {
		for _, o := range list {
			b.userOf[o.ID] = user
		}
	}
	return b
}

type ordersOutput struct {
	Body []*Order `nullable:"false" doc:"The orders of the user, oldest first."`
}

func (b *orderBook) ofUser(_ context.Context, in *restservice.IDParam) (*ordersOutput, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if list := b.byUser[string(in.ID)]; list != nil {
		return &ordersOutput{list}, nil
	}
	return &ordersOutput{[]*Order{}}, nil
}

// knows reports whether a user exists: each of those that are generated has orders.
func (b *orderBook) knows(user string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byUser[user] != nil
}

// add stores a new order.
func (b *orderBook) add(o *Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.userOf[o.ID] = o.UserID
	b.byUser[o.UserID] = append(slices.Clone(b.byUser[o.UserID]), o)
}

type cancelInput struct {
	restservice.IDParam
	restservice.Keyed
}

func (b *orderBook) cancel(_ context.Context, in *cancelInput) (*restservice.Found[Order], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	user, ok := b.userOf[string(in.ID)]
	if !ok {
		return nil, huma.Error404NotFound("no order has this id")
	}
	list := slices.Clone(b.byUser[user])
	i := slices.IndexFunc(list, func(o *Order) bool { return o.ID == string(in.ID) })
	o := *list[i]
	if o.Status == statusShipped || o.Status == statusDelivered {
		return nil, huma.Error409Conflict("the order is " + o.Status + " and can no longer be cancelled")
	}
	o.Status = statusCancelled
	list[i] = &o
	b.byUser[user] = list
	return &restservice.Found[Order]{Body: &o}, nil
}
