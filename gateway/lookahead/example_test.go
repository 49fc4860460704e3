package lookahead_test

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/gateway/batch"
	"tributary/gateway/lookahead"
)

// The query contains the author's id, so the books are loaded in parallel with the
// author, although they are nested below it.
func Example() {
	authors := batch.NewLoader(func(_ context.Context, ids []string) (map[string]*author, error) {
		return map[string]*author{ids[0]: {ID: ids[0]}}, nil
	}, batch.Options{})
	asked := make(chan []string, 1)
	books := batch.NewLoader(func(_ context.Context, authorIDs []string) (map[string][]*book, error) {
		asked <- authorIDs
		return nil, nil
	}, batch.Options{})

	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	plan, err := lookahead.New(schema, lookahead.Joins{
		"Query.author": lookahead.One(authors, func(id string) *author { return &author{ID: id} }).
			By(lookahead.Arg("id")),
		"Author.books": lookahead.Many(books, 10, func(id string) *book { return &book{AuthorID: id} }).
			By(lookahead.Key(func(a *author) string { return a.ID })),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// A server does this for each operation, before it executes it.
	doc, _ := gqlparser.LoadQueryWithRules(schema, `{ author(id: "a1") { name books { id } } }`, rules.NewDefaultRules())
	ctx := graphql.WithOperationContext(batch.WithScope(context.Background()),
		&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], RecoverFunc: graphql.DefaultRecover})
	plan.Start(ctx)
	fmt.Println("books of", <-asked)
	// Output: books of [a1]
}
