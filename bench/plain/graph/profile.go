// Package graph is what gqlgen makes of the schema.
package graph

// Profile is a user's, whose parts the resolvers find.
type Profile struct{ UserID string }
