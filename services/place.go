// Package services has the types of the services, and the calls that load them. Besides what
// is generated, it has the call that places an order.
package services

import (
	"tributary/gateway/rest"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// NewOrder is the body of a [PlaceOrder].
type NewOrder struct {
	UserID string    `json:"user_id"`
	Items  []NewItem `json:"items"`
}

// NewItem is an item of a [NewOrder]. Its price is per unit.
type NewItem struct {
	ProductID string         `json:"product_id"`
	Quantity  int32          `json:"quantity"`
	Price     scalar.Decimal `json:"price"`
}

// Key is the key of the write of o.
func (o NewOrder) Key() string { return rest.Key(rest.Arg("order", rest.JSON(o))) }

// PlaceOrder returns the write POST /orders. [NewOrder.Key] derives its keys.
func PlaceOrder(up *upstream.Client) rest.Write[*Order] {
	return rest.WriteOne(rest.Endpoint{Up: up, Call: "POST /orders", Named: true, Body: "order", Idempotent: true}, decodeOrder)
}
