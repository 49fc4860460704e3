// Package graph is what gqlgen makes of the schema.
package graph

// Profile is the profile of a user. Resolvers load its parts.
type Profile struct{ UserID string }
