package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
)

// counting answers every operation with the number of its execution and notes
// what that was made of.
type counting struct {
	definition *ast.Schema
	executed   atomic.Int32
	note       func(*report.Stats, *graphql.Response)
	seen       func(*graphql.OperationContext) // what is executed; nil: not needed
}

func (c *counting) Schema() *ast.Schema { return c.definition }

func (c *counting) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (c *counting) Exec(ctx context.Context) graphql.ResponseHandler {
	if c.seen != nil {
		c.seen(graphql.GetOperationContext(ctx))
	}
	return func(ctx context.Context) *graphql.Response {
		r := &graphql.Response{Data: fmt.Appendf(nil, `{"n":%d}`, c.executed.Add(1))}
		c.note(report.From(ctx), r)
		return r
	}
}

// part notes that an answer is made of an entity that is 10 s old and 20 s fresh.
func part(r *report.Stats, _ *graphql.Response) {
	now := time.Now()
	r.Used(report.Dependency{Name: "thing:1", Service: "things", Answered: now.Add(-10 * time.Second), Fresh: now.Add(20 * time.Second)})
}

const cacheControl = `
	enum CacheControlScope { PUBLIC PRIVATE }
	directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
`

// newCached returns a server of a schema that keeps its responses.
func newCached(t testing.TB, sdl string) (*server, *counting) {
	t.Helper()
	reg := prometheus.NewRegistry()
	return newCachedIn(t, newResponses(t, reg), sdl, engine.Config{}, reg)
}

// newResponses returns a place for responses.
func newResponses(t testing.TB, reg prometheus.Registerer) *engine.Responses {
	t.Helper()
	store, err := entitycache.New(entitycache.Config{TTL: 30 * time.Second, MemoryMB: 1}, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	responses, err := responsecache.New[*engine.Result](responsecache.Config{MaxMB: 1}, responsecache.Deps{Entities: store, Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = store.Close()
		responses.Close()
	})
	return responses
}

func newCachedIn(t testing.TB, responses *engine.Responses, sdl string, cfg engine.Config, reg *prometheus.Registry, deps ...engine.Deps) (*server, *counting) {
	t.Helper()
	schema := &counting{definition: gqlparser.MustLoadSchema(&ast.Source{Input: cacheControl + sdl}), note: part}
	plan, err := lookahead.New(schema.definition, nil)
	if err != nil {
		t.Fatal(err)
	}
	with := append(deps, engine.Deps{})[0]
	with.Schema, with.Plan, with.Responses, with.Log, with.Registerer = schema, plan, responses, slog.New(slog.DiscardHandler), reg
	return &server{t: t, handler: newGateway(cfg, with), metrics: reg}, schema
}

func (s *server) get(query string, header ...string) reply {
	s.t.Helper()
	return s.do(http.MethodGet, url.Values{"query": {query}}.Encode(), "", header...)
}

func (r reply) expectHeader(name, pattern string) {
	r.t.Helper()
	if v := r.header.Get(name); !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(v) {
		r.t.Errorf("%s: %q, want %s", name, v, pattern)
	}
}

func TestResponses_SchemaVersion(t *testing.T) {
	responses := newResponses(t, prometheus.NewRegistry())
	ask := func(sdl string) int32 {
		s, schema := newCachedIn(t, responses, sdl, engine.Config{}, prometheus.NewRegistry())
		s.handler.Execute(t.Context(), engine.Request{Query: "{a}"})
		return schema.executed.Load()
	}
	for _, c := range []struct {
		sdl  string
		want int32
	}{{"type Query { a: Int }", 1}, {"type Query { a: Int }", 0}, {"type Query { a: Int! }", 1}, {"type Query { a: Int b: Int }", 1}} {
		if got := ask(c.sdl); got != c.want {
			t.Errorf("%s: executed %d times, want %d", c.sdl, got, c.want)
		}
	}
}

func TestResponses_CacheControl(t *testing.T) {
	const notKept = "no-store"
	for name, c := range map[string]struct{ sdl, query, want string }{
		"nothing is said":           {`type Query { a: Int }`, `{a}`, `private, max-age=(19|20)`},
		"of a field":                {`type Query { a: Int @cacheControl(maxAge: 10) }`, `{a}`, `public, max-age=(9|10)`},
		"more than entities live":   {`type Query { a: Int @cacheControl(maxAge: 60) }`, `{a}`, `public, max-age=(19|20)`},
		"of another field":          {`type Query { a: Int b: Int @cacheControl(maxAge: 0) }`, `{a}`, `private, max-age=(19|20)`},
		"the strictest counts":      {`type Query { a: Int @cacheControl(maxAge: 10) b: Int @cacheControl(maxAge: 5) }`, `{a b}`, `public, max-age=[45]`},
		"one says nothing":          {`type Query { a: Int @cacheControl(maxAge: 10) b: Int }`, `{a b}`, `private, max-age=(9|10)`},
		"0":                         {`type Query { a: Int b: Int @cacheControl(maxAge: 0) }`, `{a b}`, notKept},
		"private":                   {`type Query { a: Int @cacheControl(scope: PRIVATE) }`, `{a}`, notKept},
		"only the scope":            {`type Query { a: Int @cacheControl(scope: PUBLIC) }`, `{a}`, `public, max-age=(19|20)`},
		"of a type":                 {`type Query { p: P } type P @cacheControl(maxAge: 5) { x: Int }`, `{p{x}}`, `public, max-age=[45]`},
		"of the types in a list":    {`type Query { p: [P!]! } type P @cacheControl(maxAge: 5) { x: Int }`, `{p{x}}`, `public, max-age=[45]`},
		"the field before the type": {`type Query { p: P @cacheControl(maxAge: 10) } type P @cacheControl(maxAge: 5) { x: Int }`, `{p{x}}`, `public, max-age=(9|10)`},
		"the scope of the type and the age of the field": {`type Query { p: P @cacheControl(maxAge: 10) } type P @cacheControl(scope: PRIVATE) { x: Int }`, `{p{x}}`, notKept},
		"a field below":                {`type Query { p: P @cacheControl(maxAge: 10) } type P { x: Int @cacheControl(maxAge: 5) }`, `{p{x}}`, `public, max-age=[45]`},
		"an object below says nothing": {`type Query { p: P @cacheControl(maxAge: 10) } type P { q: P x: Int }`, `{p{q{x}}}`, `private, max-age=(9|10)`},
		"an object below inherits": {`type Query { p: P @cacheControl(maxAge: 10) } type P { q: P @cacheControl(inheritMaxAge: true) x: Int }`,
			`{p{q{x}}}`, `public, max-age=(9|10)`},
		"a type inherits": {`type Query { p: P @cacheControl(maxAge: 10) } type P { q: Q } type Q @cacheControl(inheritMaxAge: true) { x: Int }`,
			`{p{q{x}}}`, `public, max-age=(9|10)`},
		"in a fragment":                          {`type Query { a: Int @cacheControl(scope: PRIVATE) }`, `{...F} fragment F on Query {...G} fragment G on Query {a}`, notKept},
		"in an inline fragment":                  {`type Query { a: Int @cacheControl(scope: PRIVATE) }`, `{... on Query {a}}`, notKept},
		"perhaps left out":                       {`type Query { a: Int @cacheControl(scope: PRIVATE) b: Int }`, `query($w: Boolean = false){b a @include(if: $w)}`, notKept},
		"of one that may stand there":            {`type Query { p: I } interface I { x: Int } type P implements I @cacheControl(scope: PRIVATE) { x: Int }`, `{p{x}}`, notKept},
		"of a field of one that may stand there": {`type Query { p: I } interface I { x: Int } type P implements I { x: Int @cacheControl(maxAge: 0) }`, `{p{x}}`, notKept},
		"of one in a union":                      {`type Query { p: U } union U = P type P @cacheControl(maxAge: 5) { x: Int }`, `{p{__typename}}`, `private, max-age=[45]`},
	} {
		t.Run(name, func(t *testing.T) {
			s, schema := newCached(t, c.sdl)
			first := s.get(c.query)
			first.expectHeader("Cache-Control", c.want)
			s.get(c.query)
			if kept := schema.executed.Load() == 1; kept != (c.want != notKept) {
				t.Errorf("executed %d times", schema.executed.Load())
			}
		})
	}
}

func TestResponses_Uncacheable(t *testing.T) {
	for name, note := range map[string]func(*report.Stats, *graphql.Response){
		"an error": func(r *report.Stats, resp *graphql.Response) {
			part(r, resp)
			resp.Errors = gqlerror.List{{Message: "down"}}
		},
		"something stale":         func(r *report.Stats, resp *graphql.Response) { part(r, resp); r.AddStale("things", time.Minute) },
		"something missing":       func(r *report.Stats, resp *graphql.Response) { part(r, resp); r.AddMissing("things", "timeout") },
		"nothing that lives":      func(*report.Stats, *graphql.Response) {},
		"a call beside the cache": func(r *report.Stats, resp *graphql.Response) { part(r, resp); r.Calling("things")() },
		"a part that has just died": func(r *report.Stats, _ *graphql.Response) {
			r.Used(report.Dependency{Name: "thing:1", Answered: time.Now(), Fresh: time.Now(), Asked: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, schema := newCached(t, `type Query { a: Int }`)
			schema.note = note
			for range 2 {
				got := s.get(`{a}`)
				got.expectHeader("Cache-Control", "no-store")
				got.expectHeader("ETag", "")
			}
			if n := schema.executed.Load(); n != 2 {
				t.Errorf("executed %d times, want 2", n)
			}
		})
	}
}

func TestResponses_NormalizedKey(t *testing.T) {
	const query = `query Q($x: Int, $y: [Int!]) { a(x: $x, y: $y) }`
	for name, c := range map[string]struct {
		body string
		same bool
	}{
		"word for word":              {`{"query":"` + query + `","variables":{"x":1,"y":[2]}}`, true},
		"other spaces":               {`{"query":" query Q ( $x:Int $y:[Int!] ){a(x:$x y:$y)} # so","variables":{"y": [2], "x": 1}}`, true},
		"the operation named":        {`{"query":"` + query + `","variables":{"x":1,"y":[2]},"operationName":"Q"}`, true},
		"a variable that nobody has": {`{"query":"` + query + `","variables":{"x":1,"y":[2],"z":3}}`, true},
		"another value":              {`{"query":"` + query + `","variables":{"x":2,"y":[2]}}`, false},
		"another value in a list":    {`{"query":"` + query + `","variables":{"x":1,"y":[2,2]}}`, false},
		"no value":                   {`{"query":"` + query + `","variables":{"y":[2]}}`, false},
		"null":                       {`{"query":"` + query + `","variables":{"x":null,"y":[2]}}`, false},
		"another name":               {`{"query":"query R($x: Int, $y: [Int!]) { a(x: $x, y: $y) }","variables":{"x":1,"y":[2]}}`, false},
		"another alias":              {`{"query":"query Q($x: Int, $y: [Int!]) { b: a(x: $x, y: $y) }","variables":{"x":1,"y":[2]}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, schema := newCached(t, `type Query { a(x: Int, y: [Int!]): Int }`)
			s.post(`{"query":"`+query+`","variables":{"x":1,"y":[2]}}`).expect(200, "")
			s.post(c.body).expect(200, "")
			if same := schema.executed.Load() == 1; same != c.same {
				t.Errorf("taken for the same: %v, want %v", same, c.same)
			}
			before := schema.executed.Load()
			s.post(c.body).expect(200, "")
			if schema.executed.Load() != before {
				t.Error("said again, it is executed again")
			}
		})
	}
}

func TestResponses_HTTPHeaders(t *testing.T) {
	s, _ := newCached(t, `type Query { a: Int }`)
	first := s.get(`{a}`)
	first.expectHeader("Cache-Status", `tributary; hit; ttl=(19|20)`) // its entity was cached
	first.expectHeader("Age", `1[01]`)
	first.expectHeader("ETag", `W/"[\w-]+"`)
	first.expectHeader("Vary", `Accept`)
	tag := first.header.Get("ETag")

	again := s.get(`{a}`, "If-None-Match", `"other", `+strings.TrimPrefix(tag, "W/"))
	if again.status != http.StatusNotModified || again.text != "" {
		t.Errorf("with the tag: %d %s", again.status, again.text)
	}
	again.expectHeader("ETag", regexp.QuoteMeta(tag))
	again.expectHeader("Age", `1[01]`)
	again.expectHeader("Cache-Control", `private, max-age=(19|20)`)
	again.expectHeader("Vary", `Accept`)

	if other := s.get(`{a}`, "If-None-Match", `"other"`); other.status != 200 || other.text != first.text {
		t.Errorf("with another tag: %d %s", other.status, other.text)
	}
	honest := s.get(`{a}`, "Accept", graphQL)
	if honest.header.Get("ETag") == tag || honest.text != first.text {
		t.Errorf("as %s it has the same tag, or other bytes", graphQL)
	}
	post := s.post(body(t, `{a}`), "If-None-Match", "*").expect(200, "")
	post.expectHeader("Cache-Control", "no-store")
	post.expectHeader("ETag", "")
	post.expectHeader("Cache-Status", `tributary; hit; ttl=(19|20)`)
}

func TestResponses_Mutation(t *testing.T) {
	s, schema := newCached(t, `type Query { a: Int } type Mutation { a: Int }`)
	for range 2 {
		s.ask(`mutation { a }`).expect(200, "")
	}
	if n := schema.executed.Load(); n != 2 {
		t.Errorf("executed %d times", n)
	}
}

// What was executed once more because its parts expired would write twice.
func TestMutation_ExecutedOnce(t *testing.T) {
	s, schema := newCached(t, `type Query { a: Int } type Mutation { a: Int }`)
	schema.note = func(r *report.Stats, _ *graphql.Response) {
		r.Used(report.Dependency{Name: "thing:1", Service: "things", Answered: time.Now().Add(-time.Minute), Fresh: time.Now()})
	}
	s.ask(`mutation { a }`).expect(200, "")
	if n := schema.executed.Load(); n != 1 {
		t.Errorf("executed %d times", n)
	}
}

// While an answer waits for its slowest part, the time of another may end.
func TestResponses_FreshWhenSent(t *testing.T) {
	overdue := func(r *report.Stats) {
		r.Used(report.Dependency{Name: "thing:1", Service: "things", Answered: time.Now().Add(-time.Minute), Fresh: time.Now()})
	}
	t.Run("it is put together once more", func(t *testing.T) {
		s, schema := newCached(t, `type Query { a: Int }`)
		schema.note = func(r *report.Stats, resp *graphql.Response) {
			if schema.executed.Load() == 1 {
				overdue(r)
				return
			}
			part(r, resp)
		}
		got := s.get(`{a}`).expect(200, "")
		got.data(`{"n":2}`)
		got.expectHeader("Age", `1[01]`)
	})
	t.Run("what is overdue the second time is marked", func(t *testing.T) {
		s, schema := newCached(t, `type Query { a: Int }`)
		schema.note = func(r *report.Stats, _ *graphql.Response) { overdue(r) }
		got := s.get(`{a}`)
		got.data(`{"n":2}`)
		got.expectHeader("Cache-Status", `tributary; hit; ttl=(0|-1); detail=stale-if-error`)
		got.expectHeader("Cache-Control", `no-store`)
	})
	t.Run("one with failures is not", func(t *testing.T) {
		s, schema := newCached(t, `type Query { a: Int }`)
		schema.note = func(r *report.Stats, _ *graphql.Response) { overdue(r); r.AddMissing("others", "timeout") }
		got := s.get(`{a}`)
		got.data(`{"n":1}`)
		got.expectHeader("Cache-Status", `tributary; hit; ttl=(0|-1); detail=stale-if-error`)
	})
}

// Insignificant characters of a document do not matter to its response, unless it is long.
func TestResponseKey_OfLongDocuments(t *testing.T) {
	for length, executions := range map[int]int32{10: 1, 70 << 10: 2} {
		s, schema := newCached(t, `type Query { a(s: String): Int }`)
		query := `{ a(s: "` + strings.Repeat("x", length) + `") }`
		for _, text := range []string{query, query + " ", query, query + " "} {
			s.ask(text).expect(200, "")
		}
		if n := schema.executed.Load(); n != executions {
			t.Errorf("%d bytes: executed %d times, want %d", length, n, executions)
		}
	}
}
