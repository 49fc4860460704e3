// Package services lists the upstreams, with the client of each and the loaders by
// which resolvers read them. Read a loader's definition from the inside out: call
// the service, a bounded number of calls at a time, behind the cache, with validated
// ids, batched per operation.
package services

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/cache"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
	"tributary/services/orders"
	"tributary/services/products"
	"tributary/services/users"
)

// Config has the base URLs of the services.
type Config struct {
	UsersURL    string `name:"users-url" default:"http://localhost:8001" help:"Base URL of the user service." secret:""`
	OrdersURL   string `name:"orders-url" default:"http://localhost:8002" help:"Base URL of the order service." secret:""`
	ProductsURL string `name:"products-url" default:"http://localhost:8003" help:"Base URL of the product service." secret:""`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, s := range c.list() {
		if _, err := upstream.ParseURL(s.URL); err != nil {
			return fmt.Errorf("%s-url %w", s.Name, err)
		}
	}
	return nil
}

// A Service is the name and base URL of an upstream.
type Service struct{ Name, URL string }

func (c Config) list() []Service {
	return []Service{
		{users.Service, c.UsersURL},
		{orders.Service, c.OrdersURL},
		{products.Service, c.ProductsURL},
	}
}

// Names returns the names of all services.
func Names() []string { return []string{users.Service, orders.Service, products.Service} }

// Services has the loaders of all entities, and the client of each upstream for
// health checks.
type Services struct {
	UserByID     *batch.Loader[string, *users.User]
	OrdersByUser *batch.Loader[string, []*orders.Order]
	ProductByID  *batch.Loader[string, *products.Product]

	Upstreams []*upstream.Client
}

// New returns the loaders of the services of cfg, cached in c, and registers their
// metrics with reg.
func New(cfg Config, calls upstream.Config, c *cache.Cache, reg prometheus.Registerer) (*Services, error) {
	requests, batches := upstream.NewMetrics(reg), batch.NewMetrics(reg)
	clients := map[string]*upstream.Client{}
	s := &Services{}
	for _, service := range cfg.list() {
		client, err := upstream.NewClient(service.Name, service.URL, calls, requests)
		if err != nil {
			return nil, err
		}
		clients[service.Name] = client
		s.Upstreams = append(s.Upstreams, client)
	}

	user := users.NewClient(clients[users.Service])
	s.UserByID = batch.NewLoader(
		batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "user", Service: users.Service},
			batch.InTurns(clients[users.Service].Share(), user.ByID))),
		batch.Options{Service: users.Service, Alone: true, Observe: batches.Of("user")})

	order := orders.NewClient(clients[orders.Service])
	s.OrdersByUser = batch.NewLoader(
		batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "orders", Service: orders.Service},
			batch.InTurns(clients[orders.Service].Share(), order.ByUser))),
		batch.Options{Service: orders.Service, Alone: true, Observe: batches.Of("orders")})

	product := products.NewClient(clients[products.Service])
	s.ProductByID = batch.NewLoader(
		batch.Check(scalar.CheckID, cache.Through(c, cache.Kind{Name: "product", Service: products.Service}, product.ByID)),
		batch.Options{Service: products.Service, PerCall: products.MaxBatch, Observe: batches.Of("product")})
	return s, nil
}
