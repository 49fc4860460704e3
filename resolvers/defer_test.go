package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"tributary/gateway/engine/limits"
	"tributary/graph"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// testing.TB cannot be implemented by *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// The parts of any deferred answer come to an end and are, merged, what a plain evaluator
// answers without @defer.
func TestDefer_AnyQueryMergesToTheWhole(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	up := upstreamtest.New(t, upstreamtest.Data{})
	several := 0 // answers of more than one part
	rapid.Check(t, func(t *rapid.T) {
		d := data(t)
		text, variables := deferredQuery(t)
		doc, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
		if len(errs) > 0 {
			t.Fatalf("the query that was drawn is not valid: %v\n%s", errs, text)
		}
		e := &evaluator{data: d, doc: doc, variables: asJSON(variables), down: map[string]bool{}}
		if rapid.IntRange(0, 2).Draw(t, "trouble") == 0 {
			e.down[rapid.SampledFrom(serviceNames).Draw(t, "down")] = true
		}
		up.Set(func(now *upstreamtest.Data) { *now = d })
		for _, s := range serviceNames {
			up.Replace(s, nil)
			if e.down[s] {
				up.Replace(s, fail)
			}
		}
		whole, wantErrors := e.evaluate()
		var want any
		decodeNumbers(t, []byte(whole), &want)
		with := graphtest.DefaultSetup()
		with.GraphQL.Limits = limitsWithParts(rapid.SampledFrom([]int{1, 2, 3, 1000}).Draw(t, "parts"))
		got := askDeferred(t, up, with, text, variables)
		up.CloseConnections()
		if !reflect.DeepEqual(got.data, want) {
			t.Errorf("merged\n%s, want\n%s\nfor %s", toJSON(got.data), whole, text)
		}
		if !slices.Equal(got.errors, wantErrors) {
			t.Errorf("errors\n%q, want\n%q\nfor %s", got.errors, wantErrors, text)
		}
		if got.parts > with.GraphQL.Limits.Parts {
			t.Errorf("%d parts, more than %d, for %s", got.parts, with.GraphQL.Limits.Parts, text)
		}
		if got.parts > 1 {
			several++
		}
	})
	if several == 0 {
		t.Error("no answer had more than one part")
	}
}

// merged is a deferred answer whose parts have been put together.
type merged struct {
	data   any
	errors []string // as [evaluator.evaluate] gives them
	labels []string // of the parts after the first, in order
	parts  int
}

// askDeferred asks for an answer in parts from a graph with an empty cache, and merges it.
func askDeferred(t failer, up *upstreamtest.Upstreams, with graphtest.Setup, text string, variables map[string]any) merged {
	t.Helper()
	server, stop, err := graphtest.New(up, with)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(toJSON(map[string]any{"query": text, "variables": variables})))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "multipart/mixed")
	w := httptest.NewRecorder()
	ended := make(chan struct{})
	go func() { server.ServeHTTP(w, r); close(ended) }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("the answer does not end for %s", text)
	}
	if err := stop(); err != nil {
		t.Fatalf("%v", err)
	}
	return merge(t, w.Header().Get("Content-Type"), w.Body)
}

// merge puts the parts of an answer together as clients do. Each must say whether more
// will come, belong to an object that has come before, and bring fields that have not.
func merge(t failer, contentType string, body io.Reader) (m merged) {
	t.Helper()
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("%v", err)
	}
	next := func() io.Reader { return body }
	if media == "multipart/mixed" {
		parts := multipart.NewReader(body, params["boundary"])
		next = func() io.Reader {
			part, err := parts.NextPart()
			if err != nil {
				t.Fatalf("part %d: %v", m.parts, err)
			}
			return part
		}
	}
	for more := true; more; m.parts++ {
		var p struct {
			Data        any
			Errors      []fieldError
			HasNext     bool
			Incremental []struct {
				Data   map[string]any
				Path   []any
				Label  string
				Errors []fieldError
			}
		}
		text, err := io.ReadAll(next())
		if err != nil {
			t.Fatalf("part %d: %v", m.parts, err)
		}
		decodeNumbers(t, text, &p)
		if m.parts == 0 {
			m.data = p.Data
		}
		m.add(p.Errors)
		for _, in := range p.Incremental {
			m.add(in.Errors)
			m.labels = append(m.labels, in.Label)
			m.mergeAt(t, in.Path, in.Data)
		}
		more = p.HasNext
	}
	slices.Sort(m.errors)
	return m
}

type fieldError struct {
	Path       []any
	Extensions map[string]string
}

func (m *merged) add(failures []fieldError) {
	for _, f := range failures {
		path := strings.Trim(fmt.Sprint(f.Path), "[]")
		m.errors = append(m.errors, strings.TrimSpace(fmt.Sprintf("%s: %s %s", path, f.Extensions["code"], f.Extensions["service"])))
	}
}

func (m *merged) mergeAt(t failer, path []any, fields map[string]any) {
	t.Helper()
	at := m.data
	for _, step := range path {
		switch step := step.(type) {
		case string:
			at = at.(map[string]any)[step]
		case json.Number:
			n, _ := step.Int64()
			at = at.([]any)[n]
		}
	}
	object, ok := at.(map[string]any)
	if !ok {
		t.Fatalf("a part for %v, where there is %v", path, at)
	}
	for name, value := range fields {
		if _, there := object[name]; there {
			t.Fatalf("%v %s comes twice", path, name)
		}
		object[name] = value
	}
}

func decodeNumbers(t failer, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func limitsWithParts(n int) limits.Config {
	bounds := limits.Default()
	bounds.Parts = n
	return bounds
}

// A part comes when all fields of its fragment are there, each field once.
func TestDefer_PartsOfFragments(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		labels []string // of the parts after the first, sorted
	}{
		"nested in one another":           {`{ user(id: "u1") { id ... @defer { username ... @defer { orders { id } } } } }`, []string{""}},
		"one field in two":                {`{ profile(userId: "u1") { ... @defer { user { id } } ... @defer { user { username } orders { id } } } }`, []string{"", ""}},
		"one field in two with labels":    {`{ profile(userId: "u1") { ... @defer(label: "a") { user { id } } ... @defer(label: "b") { user { username } orders { id } } } }`, []string{"a", "b"}},
		"the same twice":                  {`{ profile(userId: "u1") { ... @defer(label: "a") { user { id } } ... @defer(label: "b") { user { id } } } }`, []string{"a", "b"}},
		"the same twice without labels":   {`{ profile(userId: "u1") { ... @defer { user { id } } ... @defer { user { id } } } }`, []string{""}},
		"one within that has a part":      {`{ profile(userId: "u1") { ... @defer(label: "a") { user { id } ... @defer(label: "b") { orders { id } } } } }`, []string{"a", "b"}},
		"one within that has none":        {`{ user(id: "u1") { ... @defer(label: "a") { orders { id } ... @defer(label: "b") { username } } } }`, []string{"a"}},
		"one within that brings all":      {`{ user(id: "u1") { ... @defer(label: "a") { orders { id } ... @defer(label: "b") { orders { status } } } } }`, []string{"b"}},
		"a named fragment twice":          {`{ user(id: "u1") { ...f @defer(label: "a") ...f @defer(label: "b") } } fragment f on User { orders { id } }`, []string{"a"}},
		"named fragments in one another":  {`{ profile(userId: "u1") { ...f @defer(label: "a") } } fragment f on Profile { user { id } ...g @defer(label: "b") } fragment g on Profile { orders { id } }`, []string{"a", "b"}},
		"fields that are not deferred":    {`{ user(id: "u1") { orders { id } ... @defer(label: "a") { orders { status } } } }`, nil},
		"nothing but plain fields":        {`{ user(id: "u1") { ... @defer(label: "a") { username } } }`, nil},
		"an object that is not there":     {`{ user(id: "nobody") { ... @defer(label: "a") { orders { id } } } }`, nil},
		"conditions that do not hold":     {`{ user(id: "u1") { ... @defer(if: false, label: "a") { orders { id } } } }`, nil},
		"below a deferred list":           {`{ user(id: "u1") { ... @defer(label: "a") { orders { id ... @defer(label: "b") { user { id } } } } } }`, []string{"a", "b", "b"}},
		"the same label at all of them":   {`{ user(id: "u1") { ... @defer(label: "a") { orders { id ... @defer(label: "a") { user { id } } } } } }`, []string{"a", "a", "a"}},
		"as many fields as there may be":  {`{ user(id: "u1") { ... @defer(label: "a") { ` + aliases("orders { id }", 400) + ` } } }`, []string{"a"}},
		"a field that is renamed":         {`{ user(id: "u1") { ... @defer(label: "a") { x: orders { id } } ... @defer(label: "b") { y: orders { id } } } }`, []string{"a", "b"}},
		"what is empty":                   {`{ user(id: "u2") { ... @defer(label: "a") { orders { id ... @defer(label: "b") { user { id } } } } } }`, []string{"a"}},
		"fragments without a type":        {`{ users(ids: ["u1", "nobody", "u2"]) { ... { ... @defer(label: "a") { orders { id } } } } }`, []string{"a", "a"}},
		"a fragment that includes itself": {`{ user(id: "u1") { ... @defer(label: "a") { ... @defer(label: "b") { ... @defer(label: "c") { orders { id } } } } } }`, []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			shop := upstreamtest.NewData(2, 2, 1, 2)
			delete(shop.Orders, "u2")
			up := upstreamtest.New(t, shop)
			got := askDeferred(t, up, graphtest.DefaultSetup(), c.query, nil)
			slices.Sort(got.labels)
			if !slices.Equal(got.labels, c.labels) {
				t.Errorf("parts %q, want %q", got.labels, c.labels)
			}
			if whole := serve(t, up).ask(c.query); toJSON(map[string]any{"data": got.data}) != sorted(t, whole) {
				t.Errorf("merged %s, want %s", toJSON(got.data), whole)
			}
		})
	}
}

// aliases writes a field n times, each under a name of its own.
func aliases(field string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%d: %s ", i, field)
	}
	return b.String()
}

// sorted gives JSON with the members of objects in order.
func sorted(t failer, text string) string {
	t.Helper()
	var v any
	decodeNumbers(t, []byte(text), &v)
	return toJSON(v)
}
