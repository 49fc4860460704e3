// Package server is the example user service: a REST server over users that it
// generates on start, the same ones each time. Changes last until it stops.
package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
)

// New returns the user service.
func New(o restservice.Options) *restservice.Service {
	s := restservice.New(restservice.Info{
		Name:        "user-service",
		Title:       "User service",
		Version:     "1.0.0",
		Description: "Who the users are.",
	}, o)
	all := &directory{byID: seed()}
	restservice.Route(s, huma.Operation{
		OperationID: "get-user",
		Method:      http.MethodGet,
		Path:        "/users/{id}",
		Summary:     "Get a user",
		Description: "Gives the user with the id in the path.",
		Tags:        []string{"users"},
	}, restservice.ResponseDocs{
		http.StatusOK:         "The user.",
		http.StatusBadRequest: "This cannot be an id.",
		http.StatusNotFound:   "No user has this id.",
	}, all.get)
	restservice.Write(s, huma.Operation{
		OperationID: "update-user",
		Method:      http.MethodPatch,
		Path:        "/users/{id}",
		Summary:     "Change a user",
		Description: "Changes the members in the body of the user with the id in the path, and gives the user as it is then.",
		Tags:        []string{"users"},
	}, restservice.ResponseDocs{
		http.StatusOK:         "The user as it is now.",
		http.StatusBadRequest: "The body is not JSON.",
		http.StatusNotFound:   "No user has this id.",
	}, all.update)
	return s
}
