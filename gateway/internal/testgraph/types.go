// Package testgraph is a small graph for tests of the library, with all that a project
// has: authors come one by one from a service of that name, with the ids of their books,
// and books in batches from another.
package testgraph

import (
	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/scalar"
)

// The services.
const (
	Authors = "authors"
	Books   = "books"
)

// UpdateAuthorInput changes an author. What is null is sent, and what is absent is not.
type UpdateAuthorInput struct {
	Name graphql.Omittable[*string] `json:"name,omitzero"`
}

// PublishBookInput is a new book.
type PublishBookInput struct {
	AuthorID string `json:"author_id"`
	Title    string `json:"title"`
}

// Author is an entity of the service [Authors].
type Author struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	BookIDs []string `json:"book_ids"`
}

// Book is an entity of the service [Books].
type Book struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Price    scalar.Decimal `json:"price"`
	AuthorID string         `json:"author_id"`
}
