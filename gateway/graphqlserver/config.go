// Package graphqlserver answers GraphQL over HTTP.
package graphqlserver

// Config is what an operator may set about the GraphQL endpoint.
type Config struct {
	Introspection bool `name:"introspection" help:"Answer introspection queries."`
	Playground    bool `name:"playground" help:"Serve the playground at /playground."`
}
