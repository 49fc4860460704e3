package lookahead_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"go.uber.org/goleak"

	"tributary/gateway/batch"
	"tributary/gateway/lookahead"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sdl = `
type Query {
  author(id: ID!): Author
  authors(ids: [ID!]!): [Author]!
  books(author: ID!): [Book!]
  shelf(author: ID!): Shelf
}
type Mutation { author(id: ID!): Author }
type Subscription { author(id: ID!): Author }
interface Named { name: String }
type Author implements Named { id: ID! name: String books: [Book!] agent: Agent }
type Agent implements Named { id: ID! name: String printer: Printer }
type Book { id: ID! author: Author editions: [Edition!]! }
type Edition { printer: Printer }
type Printer { id: ID! }
type Shelf { books: [Book!] }
`

type (
	author struct{ ID, AgentID string }
	agent  struct{ ID, PrinterID string }
	book   struct {
		AuthorID string
		Printers []string
	}
	edition struct{ PrinterID string }
	printer struct{ ID string }
	shelf   struct{ AuthorID string }
)

// A library is a graph whose services respond when the test lets them.
type library struct {
	schema *ast.Schema
	joins  lookahead.Joins
	stop   context.CancelFunc // of the operation that was started last

	mu    sync.Mutex
	fresh []string                 // calls that the test has not seen yet
	open  map[string]chan struct{} // calls that wait for their response
}

func newLibrary() *library {
	lib := &library{schema: gqlparser.MustLoadSchema(&ast.Source{Input: sdl}), open: map[string]chan struct{}{}}
	authors := lookahead.One(load(lib, "author", func(id string) *author {
		return &author{ID: id, AgentID: "agent-of-" + id}
	}), func(id string) *author { return &author{ID: id} })
	books := lookahead.Many(load(lib, "books", func(authorID string) []*book {
		return []*book{{authorID, []string{"p1", "p-" + authorID}}, {authorID, []string{"p1"}}}
	}), 10, func(authorID string) *book { return &book{AuthorID: authorID} })
	agents := lookahead.One(load(lib, "agent", func(id string) *agent { return &agent{id, "p-" + id} }),
		func(id string) *agent { return &agent{ID: id} })
	printers := lookahead.One(load(lib, "printer", func(id string) *printer { return &printer{id} }),
		func(id string) *printer { return &printer{id} })

	lib.joins = lookahead.Joins{
		"Query.author":        authors.By(lookahead.Arg("id")),
		"Query.authors":       authors.By(lookahead.Arg("ids")),
		"Query.books":         books.By(lookahead.Arg("author")),
		"Query.shelf":         authors.By(lookahead.Arg("author")).Then(lookahead.As(func(a *author) *shelf { return &shelf{a.ID} })),
		"Mutation.author":     authors.By(lookahead.Arg("id")),
		"Subscription.author": authors.By(lookahead.Arg("id")),
		"Author.books":        books.By(lookahead.Key(func(a *author) string { return a.ID })),
		"Author.agent":        agents.By(lookahead.Key(func(a *author) string { return a.AgentID })),
		"Agent.printer":       printers.By(lookahead.Key(func(a *agent) string { return a.PrinterID })),
		"Book.author":         authors.By(lookahead.Key(func(b *book) string { return b.AuthorID })),
		"Book.editions": lookahead.Each(10, func(b *book) (es []*edition) {
			for _, p := range b.Printers {
				es = append(es, &edition{p})
			}
			return es
		}),
		"Edition.printer": printers.By(lookahead.Key(func(e *edition) string { return e.PrinterID })),
		"Shelf.books":     books.By(lookahead.Key(func(s *shelf) string { return s.AuthorID })),
	}
	return lib
}

// load returns a loader of a service. Its calls are recorded and block until the test
// answers them. An author whose id begins with "no" does not exist.
func load[V any](lib *library, service string, value func(key string) V) *batch.Loader[string, V] {
	return batch.NewLoader(func(ctx context.Context, keys []string) (map[string]V, error) {
		call := service + " " + strings.Join(slices.Sorted(slices.Values(keys)), " ")
		gate := make(chan struct{})
		lib.mu.Lock()
		lib.fresh = append(lib.fresh, call)
		lib.open[call] = gate
		lib.mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		values := map[string]V{}
		for _, key := range keys {
			if !strings.HasPrefix(key, "no") {
				values[key] = value(key)
			}
		}
		return values, nil
	}, batch.Options{})
}

// start starts the look-ahead of a query. The function that it returns has the panics
// reported so far.
func (lib *library) start(t *testing.T, query string, vars map[string]any) (panics func() []string) {
	t.Helper()
	plan, err := lookahead.New(lib.schema, lib.joins)
	if err != nil {
		t.Fatal(err)
	}
	doc, errs := gqlparser.LoadQueryWithRules(lib.schema, query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	lib.stop = stop
	var mu sync.Mutex
	var seen []string
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{
		Doc: doc, Operation: doc.Operations[0], Variables: vars,
		RecoverFunc: func(_ context.Context, v any) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprint(v))
			return fmt.Errorf("%v", v)
		},
	})
	plan.Start(batch.WithScope(ctx))
	return func() []string {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// expect checks that exactly these calls were made since it was last called. No time
// passes while it waits, so no timer can have sent them.
func (lib *library) expect(t *testing.T, calls ...string) {
	t.Helper()
	synctest.Wait()
	lib.mu.Lock()
	defer lib.mu.Unlock()
	slices.Sort(lib.fresh)
	slices.Sort(calls)
	if !slices.Equal(lib.fresh, calls) {
		t.Errorf("calls %q, want %q", lib.fresh, calls)
	}
	lib.fresh = nil
}

// answer lets calls return.
func (lib *library) answer(calls ...string) {
	lib.mu.Lock()
	defer lib.mu.Unlock()
	for _, call := range calls {
		if gate, ok := lib.open[call]; ok {
			close(gate)
			delete(lib.open, call)
		}
	}
}

// keys returns the plan for a query, and how many keys it may cost, over all services.
func (lib *library) keys(t *testing.T, query string) (plan *lookahead.Plan, keys int) {
	t.Helper()
	plan, err := lookahead.New(lib.schema, lib.joins)
	if err != nil {
		t.Fatal(err)
	}
	doc, errs := gqlparser.LoadQueryWithRules(lib.schema, query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	for _, s := range plan.Cost(&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}).Services {
		keys += s.Keys
	}
	return plan, keys
}
