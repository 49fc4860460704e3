// Package resolvers joins users, orders and products. What the directives of the schema
// say is generated; the fields of a profile are resolved by hand, in profile.go and
// joins.go.
package resolvers

import "tributary/gateway/app"

// Resolver is the root of all resolvers.
type Resolver struct{ *Loaders }

// New returns the root of all resolvers.
func New(d *app.Dependencies) *Resolver { return &Resolver{Loaders: NewLoaders(d)} }
