// Package server is the example product service: a REST server over products that it
// generates on start, the same ones each time.
package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
)

// New returns the product service.
func New(o restservice.Options) *restservice.Service {
	s := restservice.New(restservice.Info{
		Name:        "product-service",
		Title:       "Product service",
		Version:     "1.0.0",
		Description: "What there is to buy.",
	}, o)
	all := seed()
	restservice.Route(s, huma.Operation{
		OperationID: "get-product",
		Method:      http.MethodGet,
		Path:        "/products/{id}",
		Summary:     "Get a product",
		Description: "Gives the product with the id in the path.",
		Tags:        []string{"products"},
	}, restservice.ResponseDocs{
		http.StatusOK:         "The product.",
		http.StatusBadRequest: "This cannot be an id.",
		http.StatusNotFound:   "No product has this id.",
	}, restservice.Lookup(all, "no product has this id"))
	restservice.Route(s, huma.Operation{
		OperationID: "get-products",
		Method:      http.MethodPost,
		Path:        "/products/batch",
		Summary:     "Get many products",
		Description: "Gives the products with the ids in the body, at most 100 ids in one call. Each product is in the answer once, in any order; unknown ids are left out.",
		Tags:        []string{"products"},
	}, restservice.ResponseDocs{
		http.StatusOK:         "The products that there are.",
		http.StatusBadRequest: "The body is not as described, has more than 100 ids, or has one that cannot be an id.",
	}, batchOf(all))
	return s
}
