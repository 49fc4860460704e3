// Package resolvers joins users, orders and products. What the directives of the schema
// say is generated; the fields of a profile are resolved by hand, in profile.go and
// joins.go, and so is the placing of an order, in place.go.
package resolvers

import (
	"tributary/gateway/app"
	"tributary/gateway/batch"
	"tributary/gateway/rest"
	"tributary/services"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	*Loaders

	currentProducts batch.Func[string, *services.Product] // past the cache
	sendOrder       rest.Write[*services.Order]
}

// New returns the root of all resolvers.
func New(d *app.Dependencies) *Resolver {
	return &Resolver{
		Loaders:         NewLoaders(d),
		currentProducts: services.ProductByID(d.Clients["products"]).Load,
		sendOrder:       services.PlaceOrder(d.Clients["orders"]),
	}
}
