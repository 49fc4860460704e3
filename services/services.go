// Package services has the loaders by which resolvers read the upstreams. Read a
// loader's definition from the inside out: call the service, a bounded number of calls
// at a time, behind the cache, with validated ids, batched per operation. The orders of an
// unknown user are an empty list.
package services

import (
	"tributary/gateway/batch"
	"tributary/gateway/cache"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
	"tributary/services/orders"
	"tributary/services/products"
	"tributary/services/users"
)

// Services has the loaders of all entities.
type Services struct {
	UserByID     *batch.Loader[string, *users.User]
	OrdersByUser *batch.Loader[string, []*orders.Order]
	ProductByID  *batch.Loader[string, *products.Product]
}

// New returns the loaders of the services with the given clients, by name, cached in c.
func New(clients map[string]*upstream.Client, c *cache.Cache, batches *batch.Metrics) *Services {
	user := users.NewClient(clients[users.Service])
	order := orders.NewClient(clients[orders.Service])
	product := products.NewClient(clients[products.Service])
	return &Services{
		UserByID: batch.NewLoader(
			batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "user", Service: users.Service},
				batch.InTurns(clients[users.Service].Share(), user.ByID))),
			batch.Options{Service: users.Service, Alone: true, Observe: batches.Of("user")}),

		OrdersByUser: batch.NewLoader(
			batch.Default([]*orders.Order{}, batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "orders", Service: orders.Service},
				batch.InTurns(clients[orders.Service].Share(), order.ByUser)))),
			batch.Options{Service: orders.Service, Alone: true, Observe: batches.Of("orders")}),

		ProductByID: batch.NewLoader(
			batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "product", Service: products.Service}, product.ByID)),
			batch.Options{Service: products.Service, PerCall: products.MaxBatch, Observe: batches.Of("product")}),
	}
}
