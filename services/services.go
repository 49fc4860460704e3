// Package services lists the upstreams: a client of each and the loaders that
// the graph reads them through. A loader reads from the right: ask the service,
// in turns, behind the cache, with ids that can be one, batched per operation.
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

// Config says where the services are.
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

// A Service is one of the upstreams, by the name it has wherever it is named.
type Service struct{ Name, URL string }

func (c Config) list() []Service {
	return []Service{
		{users.Service, c.UsersURL},
		{orders.Service, c.OrdersURL},
		{products.Service, c.ProductsURL},
	}
}

// Names are those of all services.
func Names() []string { return []string{users.Service, orders.Service, products.Service} }

// Services are the loaders of everything that the graph shows, and a client
// of each upstream to ask how it is.
type Services struct {
	UserByID     *batch.Loader[string, *users.User]
	OrdersByUser *batch.Loader[string, []*orders.Order]
	ProductByID  *batch.Loader[string, *products.Product]

	Upstreams []*upstream.Client
}

// New connects the services of cfg through c and registers what they are
// measured by with reg.
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
