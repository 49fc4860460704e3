// Package server is the example order service: a REST server over orders that it
// generates on start, the same ones each time. Changes last until it stops.
package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

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
	book := newOrderBook(seed())
	restservice.Route(s, huma.Operation{
		OperationID: "get-orders-of-user",
		Method:      http.MethodGet,
		Path:        "/orders/user/{id}",
		Summary:     "Get the orders of a user",
		Description: "Gives all orders of the user with the id in the path, oldest first. A user who does not exist has no orders.",
		Tags:        []string{"orders"},
	}, restservice.ResponseDocs{
		http.StatusOK:         "The orders; none: an empty list.",
		http.StatusBadRequest: "This cannot be an id.",
	}, book.ofUser)
	restservice.Write(s, huma.Operation{
		OperationID:   "place-order",
		Method:        http.MethodPost,
		Path:          "/orders",
		Summary:       "Place an order",
		Description:   "Stores an order with the status pending, and adds up its total. This service knows no products: they are taken as they are given, prices too. Prices are not compared between requests with the same Idempotency-Key.",
		Tags:          []string{"orders"},
		DefaultStatus: http.StatusCreated,
	}, restservice.ResponseDocs{
		http.StatusCreated:    "The order as it was stored.",
		http.StatusBadRequest: "The body is not JSON.",
		http.StatusNotFound:   "No user has the id in user_id.",
	}, book.place, "price")
	restservice.Write(s, huma.Operation{
		OperationID: "cancel-order",
		Method:      http.MethodPost,
		Path:        "/orders/{id}/cancel",
		Summary:     "Cancel an order",
		Description: "Cancels the order with the id in the path. One that is cancelled already stays so.",
		Tags:        []string{"orders"},
	}, restservice.ResponseDocs{
		http.StatusOK:       "The cancelled order.",
		http.StatusNotFound: "No order has this id.",
		http.StatusConflict: "The order was shipped or delivered, or a request with the same Idempotency-Key is under way.",
	}, book.cancel)
	return s
}
