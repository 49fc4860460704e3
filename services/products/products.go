// Package products is the client side of the product service: its type, its client
// and its contract (openapi.yaml).
package products

import "tributary/gateway/scalar"

// Service is the name of the service in errors, metrics, settings and /health.
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
