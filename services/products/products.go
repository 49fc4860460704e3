// Package products is the product service as the gateway knows it: its type,
// its contract (openapi.yaml) and a client of it.
package products

import "tributary/gateway/scalar"

// Service is the name under which errors, metrics and reports speak of it.
const Service = "products"

// Product is a product as the service writes it. Values are shared between
// requests: treat them as read-only.
type Product struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	Description   string         `json:"description"`
	Price         scalar.Decimal `json:"price"`
	Category      string         `json:"category"`
	StockQuantity int32          `json:"stock_quantity"`
}
