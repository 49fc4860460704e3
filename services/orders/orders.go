// Package orders is the client side of the order service: its types, its client and its
// contract (openapi.yaml).
package orders

import "tributary/gateway/scalar"

// Service is the name of the service in errors, metrics, settings and /health.
const Service = "orders"

// Order is an order as the service writes it. Values are shared between
// requests: treat them as read-only.
type Order struct {
	ID          string          `json:"id"`
	UserID      string          `json:"user_id"`
	Status      string          `json:"status"`
	TotalAmount scalar.Decimal  `json:"total_amount"`
	Items       []*OrderItem    `json:"items"`
	CreatedAt   scalar.DateTime `json:"created_at"`
}

// OrderItem is one line of an order: Price is that of one piece.
type OrderItem struct {
	ProductID string         `json:"product_id"`
	Quantity  int32          `json:"quantity"`
	Price     scalar.Decimal `json:"price"`
}
