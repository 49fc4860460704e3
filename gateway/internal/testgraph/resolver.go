package testgraph

//go:generate go tool gqlgen generate
//go:generate go run tributary/cmd/trib lean .

import (
	"context"
	"errors"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// Resolver is the root of the resolvers.
type Resolver struct {
	authors *batch.Loader[string, *Author]
	books   *batch.Loader[string, *Book]
	writes  writes
}

// Dependencies are those of package app, which imports this package in its tests.
type Dependencies struct {
	Clients map[string]*upstream.Client
	Cache   *entitycache.Cache
	Batches *batch.Metrics
}

// New returns the executable schema and its joins.
func New(d Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
	r := &Resolver{
		writes: newWrites(d.Cache, d.Clients),
		authors: batch.NewLoader(
			batch.Validate(scalar.CheckID, entitycache.ReadThrough(d.Cache, entitycache.Kind{Name: "author", Service: Authors},
				batch.LimitConcurrency(d.Clients[Authors].Share(), client{d.Clients[Authors]}.author))),
			batch.Options{Service: Authors, Unbatched: true, Observe: d.Batches.Of("author")}),
		books: batch.NewLoader(
			batch.Validate(scalar.CheckID, entitycache.ReadThrough(d.Cache, entitycache.Kind{Name: "book", Service: Books},
				batch.Chunks(maxBatch, client{d.Clients[Books]}.books))),
			batch.Options{Service: Books, PerCall: maxBatch, Observe: d.Batches.Of("book")}),
	}
	return NewExecutableSchema(Config{Resolvers: r}), r.joins(), nil
}

func (r *Resolver) joins() lookahead.Joins {
	author := lookahead.One(r.authors, func(id string) *Author { return &Author{ID: id} })
	book := lookahead.One(r.books, func(id string) *Book { return &Book{ID: id} })
	const booksOfAuthor = 10
	ids := lookahead.Each(booksOfAuthor, func(a *Author) []*Book {
		books := make([]*Book, len(a.BookIDs))
		for i, id := range a.BookIDs {
			books[i] = &Book{ID: id}
		}
		return books
	})
	joins := writeJoins()
	maps.Copy(joins, lookahead.Joins{
		"Query.author":  author.By(lookahead.Arg("id")),
		"Query.authors": author.By(lookahead.Arg("ids")),
		"Query.book":    book.By(lookahead.Arg("id")),
		"Query.books":   book.By(lookahead.Arg("ids")),
		"Author.books":  ids.Then(book.By(lookahead.Key(func(b *Book) string { return b.ID }))),
		"Book.author":   author.By(lookahead.Key(func(b *Book) string { return b.AuthorID })),
	})
	return joins
}

// booksOf loads the books of an author. All are null if one could not be loaded.
func (r *Resolver) booksOf(ctx context.Context, a *Author) ([]*Book, error) {
	books, errs := r.books.LoadAll(ctx, a.BookIDs)
	return books, errors.Join(errs...)
}

// loadList loads a value for each id. One that fails is null, with an error at its path.
func loadList[V any](ctx context.Context, l *batch.Loader[string, *V], ids []string) []*V {
	values, errs := l.LoadAll(ctx, ids)
	for i, err := range errs {
		if err != nil {
			graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), err))
		}
	}
	return values
}
