// Command tributary is a backend-for-frontend: one GraphQL schema and a REST
// profile over three REST services, which are in the same binary.
package main

import (
	"net/http"

	"tributary/gateway/app"
	"tributary/graph"
	"tributary/resolvers"
	"tributary/resolvers/rest"
	"tributary/services"
	ordersserver "tributary/services/orders/server"
	productsserver "tributary/services/products/server"
	"tributary/services/restservice"
	usersserver "tributary/services/users/server"
	"tributary/web/example"
)

// version is set when the binary is linked.
var version string

func main() {
	app.Main(&app.Graph{
		Name:        "tributary",
		Version:     version,
		Description: "A backend-for-frontend: one GraphQL schema and a REST profile over REST services.",
		Services: app.WithExamples(services.Services(), map[string]*app.Example{
			"users":    {Name: "user-service", Addr: ":8001", New: serve(usersserver.New)},
			"orders":   {Name: "order-service", Addr: ":8002", New: serve(ordersserver.New)},
			"products": {Name: "product-service", Addr: ":8003", New: serve(productsserver.New)},
		}),
		Schema:     resolvers.Schema,
		Operations: graph.Operations(),
		Examples:   graph.Examples(),
		Routes:     rest.Routes,
		OpenAPI:    rest.OpenAPI,
		Pages:      []app.Page{{Path: "/example", Title: "Example page", About: "A front end on top of the graph", Files: example.Files()}},
		Viewers: []app.SampleViewer{
			{Name: "ivan_ivanov", Subject: "user123"},
			{Name: "anna_smirnova", Subject: "user456"},
		},
		Hints: []string{
			"Try:\n",
			"  curl -s {gateway}/api/profile/user123\n",
			"  curl -s {gateway}/graphql -H 'Content-Type: application/json' \\",
			`    -d '{"query":"{ profile(userId: \"user123\") { user { fullName } orders { id items { quantity product { name price } } } } }"}'` + "\n",
		},
	})
}

// serve adapts the constructor of an example service.
func serve(service func(restservice.Options) *restservice.Service) func(app.ExampleOptions) http.Handler {
	return func(o app.ExampleOptions) http.Handler { return service(restservice.Options(o)) }
}
