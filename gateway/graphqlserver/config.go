// Package graphqlserver answers GraphQL over HTTP.
package graphqlserver

import "tributary/gateway/admission"

// Config is what an operator may set about the GraphQL endpoint.
type Config struct {
	Introspection bool `name:"introspection" help:"Answer introspection queries."`
	Playground    bool `name:"playground" help:"Serve the playground at /playground."`

	Admission admission.Config `embed:""`
}
