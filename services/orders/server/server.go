// Package server is the example order service: a REST server over orders that it
// generates on start, the same ones each time.
package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/orders"
	"tributary/services/restservice"
)

// New returns the order service.
func New(o restservice.Options) *restservice.Service {
	s := restservice.New(restservice.Info{
		Name:        "order-service",
		Title:       "Order service",
		Version:     "1.0.0",
		Description: "Who has ordered what.",
	}, o)
	restservice.Describe[orders.Order, Order](s)
	restservice.Describe[orders.OrderItem, OrderItem](s)
	byUser := orderbook(seed())
	restservice.Route(s, huma.Operation{
		OperationID: "get-orders-of-user",
		Method:      http.MethodGet,
		Path:        "/orders/user/{id}",
		Summary:     "Get the orders of a user",
		Description: "Gives all orders of the user with the id in the path, oldest first. This service knows no users: one that has never ordered, or does not exist, has no orders.",
		Tags:        []string{"orders"},
	}, restservice.Answers{
		http.StatusOK:         "The orders; none: an empty list.",
		http.StatusBadRequest: "This cannot be an id.",
	}, byUser.get)
	return s
}

type orderbook map[string][]*orders.Order

type ordersAnswer struct {
	Body []*orders.Order `nullable:"false" doc:"The orders of the user, oldest first."`
}

func (byUser orderbook) get(_ context.Context, in *restservice.ByID) (*ordersAnswer, error) {
	list := byUser[string(in.ID)]
	if list == nil {
		list = []*orders.Order{}
	}
	return &ordersAnswer{list}, nil
}
