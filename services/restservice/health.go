package restservice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type health struct {
	Status  string `json:"status" enum:"healthy" doc:"A service that answers is healthy: it needs nothing but itself." example:"healthy"`
	Service string `json:"service" doc:"Which service answers."`
}

func healthRoute(api huma.API, name string) {
	type answer struct{ Body health }
	register(api, huma.Operation{
		OperationID: "get-health",
		Method:      http.MethodGet,
		Path:        "/health",
		Summary:     "Tell whether the service works",
		Description: "For load balancers, supervisors and the gateway. Never broken by fault rules.",
		Tags:        []string{"operation"},
	}, ResponseDocs{http.StatusOK: "The service works."}, func(context.Context, *struct{}) (*answer, error) {
		return &answer{health{Status: "healthy", Service: name}}, nil
	})
}
