package server

import "tributary/gateway/scalar"

// Product is a product. Tags describe its members in the OpenAPI document.
type Product struct {
	ID            string         `json:"id" doc:"Opaque and stable." example:"prod1"`
	Name          string         `json:"name" doc:"What the product is called." example:"Ноутбук"`
	Description   string         `json:"description" doc:"What the product is, in a sentence." example:"Ноутбук для работы и учёбы, 16 ГБ памяти"`
	Price         scalar.Decimal `json:"price" doc:"The price of one piece. Read it as a decimal: the digits count." example:"999.99"`
	Category      string         `json:"category" doc:"The kind of product." example:"Компьютеры"`
	StockQuantity int32          `json:"stock_quantity" minimum:"0" doc:"How many pieces there are." example:"50"`
}
