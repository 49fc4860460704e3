package server

import "tributary/gateway/scalar"

// Order is an order. Tags describe its members in the OpenAPI document.
type Order struct {
	ID          string          `json:"id" doc:"Opaque and stable." example:"order123"`
	UserID      string          `json:"user_id" doc:"Whose order it is." example:"user123"`
	Status      string          `json:"status" enum:"pending,processing,shipped,delivered,cancelled" doc:"How far the order has come." example:"delivered"`
	TotalAmount scalar.Decimal  `json:"total_amount" doc:"What the items cost together. Read it as a decimal: the digits count." example:"2699.48"`
	Items       []*OrderItem    `json:"items" nullable:"false" doc:"What was ordered."`
	CreatedAt   scalar.DateTime `json:"created_at" doc:"When it was ordered, after RFC 3339." example:"2024-05-01T12:00:00Z"`
}

// OrderItem is one line of an order.
type OrderItem struct {
	ProductID string         `json:"product_id" doc:"What was ordered, by its id in the product service." example:"prod1"`
	Quantity  int32          `json:"quantity" minimum:"1" doc:"How many pieces." example:"2"`
	Price     scalar.Decimal `json:"price" doc:"The price of one piece. Read it as a decimal: the digits count." example:"999.99"`
}
