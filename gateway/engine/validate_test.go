package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// mergeable is a schema in which fields of one name differ in arguments, type, nullability
// and the objects that they may be selected on.
const mergeable = `
	type Query { any: Any a: A b: B f(x: Int, in: In): Int }
	interface Node { f(x: Int, in: In): Int self: Node }
	type A implements Node { f(x: Int, in: In): Int self: Node g: Int  s: String to: A  l: [A]  k: [Int] }
	type B implements Node { f(x: Int, in: In): Int self: B    g: Int! s: String to: C! l: [A!] k: [Int]! }
	type C { f(x: Int, in: In): Int g: [Int] s: ID to: B! }
	union Any = A | B | C
	input In { p: Int q: [Int] r: In }
`

// drawing draws documents that are valid, except that fields may not be mergeable.
type drawing struct {
	*rapid.T
	schema    *ast.Schema
	fragments []*ast.Definition // what they are on
	spread    []bool            // which ones are
}

func drawDocument(t *rapid.T, schema *ast.Schema) string {
	d := &drawing{T: t, schema: schema}
	for range rapid.IntRange(0, 2).Draw(t, "fragments") {
		d.fragments = append(d.fragments, d.oneOf(schema.Types["Any"]))
	}
	d.spread = make([]bool, len(d.fragments))
	var b strings.Builder
	for i := range rapid.IntRange(1, 2).Draw(t, "operations") {
		fmt.Fprintf(&b, "query Q%d($v: Int) { v: f(x: $v) any", i)
		d.set(&b, schema.Types["Any"], 0, 3)
		b.WriteString("}\n")
	}
	for i, on := range d.fragments { // each spreads only those after it
		if d.spread[i] {
			fmt.Fprintf(&b, "fragment F%d on %s ", i, on.Name)
			d.set(&b, on, i+1, 2)
			b.WriteString("\n")
		}
	}
	return b.String()
}

// oneOf draws a type that may be that of objects of one of the given types.
func (d *drawing) oneOf(types ...*ast.Definition) *ast.Definition {
	var names []string
	for _, name := range []string{"Query", "Node", "A", "B", "C", "Any"} {
		if slices.ContainsFunc(types, func(t *ast.Definition) bool { return d.overlap(d.schema.Types[name], t) }) {
			names = append(names, name)
		}
	}
	return d.schema.Types[rapid.SampledFrom(names).Draw(d.T, "type")]
}

func (d *drawing) overlap(a, b *ast.Definition) bool {
	return slices.ContainsFunc(d.schema.GetPossibleTypes(a), func(t *ast.Definition) bool {
		return slices.Contains(d.schema.GetPossibleTypes(b), t)
	})
}

func (d *drawing) set(b *strings.Builder, on *ast.Definition, fragment, depth int) {
	b.WriteString(" { __typename")
	for range rapid.IntRange(0, 3).Draw(d.T, "selections") {
		d.selection(b, on, fragment, depth)
	}
	b.WriteString(" }")
}

// selection draws a selection on a type: a fragment from a number on, or a field with at
// most so many levels below it.
func (d *drawing) selection(b *strings.Builder, on *ast.Definition, fragment, depth int) {
	var fragments []int
	for i := fragment; i < len(d.fragments); i++ {
		if d.overlap(d.fragments[i], on) {
			fragments = append(fragments, i)
		}
	}
	var fields []string
	for _, f := range on.Fields {
		if of := d.schema.Types[f.Type.Name()]; !strings.HasPrefix(f.Name, "__") && (depth > 0 || !of.IsCompositeType()) {
			fields = append(fields, f.Name)
		}
	}
	switch kind := rapid.IntRange(0, 5).Draw(d.T, "kind"); {
	case kind == 0 && len(fragments) > 0:
		i := rapid.SampledFrom(fragments).Draw(d.T, "spread")
		d.spread[i] = true
		fmt.Fprintf(b, " ...F%d", i)
	case (kind <= 2 || len(fields) == 0) && depth > 0:
		of := d.oneOf(on)
		fmt.Fprintf(b, " ... on %s ", of.Name)
		d.set(b, of, fragment, depth-1)
	case len(fields) > 0:
		d.field(b, on.Fields.ForName(rapid.SampledFrom(fields).Draw(d.T, "field")), fragment, depth)
	}
}

func (d *drawing) field(b *strings.Builder, f *ast.FieldDefinition, fragment, depth int) {
	fmt.Fprintf(b, " %s%s", rapid.SampledFrom([]string{"", "", "", "", "x: "}).Draw(d.T, "alias"), f.Name)
	if f.Name == "f" {
		b.WriteString(rapid.SampledFrom([]string{
			"", "", "", "", "(x: 1)", "(x: 2)", "(x: $v)", "(x: 1, in: {p: 1})", "(in: {p: 1}, x: 1)", "(in: {p: 1, q: [1, 2]})",
			"(in: {q: [1, 2], p: 1})", "(in: {q: [2, 1], p: 1})", "(in: {r: {p: 1}})", "(in: {r: {p: 2}})",
		}).Draw(d.T, "arguments"))
	}
	if of := d.schema.Types[f.Type.Name()]; of.IsCompositeType() {
		d.set(b, of, fragment, depth-1)
	}
}

// The validator replaces the library's rule for fields that are to be merged. They agree
// on which documents are valid.
func TestValidator_AgreesWithTheLibrary(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: cacheControl + mergeable})
	const most = 1 << 30
	bounds := limits.Config{
		Body: most, Tokens: most, Selections: most, Fragments: most, Depth: most, RootFields: most,
		Aliases: most, AliasLength: most, Directives: most, List: most, Fields: most, Calls: most,
		Values: most, Parts: most, Response: most,
	}
	s, _ := newCachedIn(t, nil, mergeable, engine.Config{Limits: bounds}, prometheus.NewRegistry())
	conflicts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := drawDocument(t, schema)
		_, want := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
		_, got := s.handler.Explain(t.Context(), engine.Request{Query: text, OperationName: "Q0"})
		if (want == nil) != (got == nil) {
			t.Fatalf("the library says %v, the server %v of\n%s", want, got, text)
		}
		if got != nil && !strings.Contains(got.Errors[0].Message, "conflict because") {
			t.Fatalf("%v in\n%s", got.Errors, text)
		}
		conflicts[got != nil]++
	})
	t.Logf("%d documents were valid, %d not", conflicts[false], conflicts[true])
	if len(conflicts) != 2 {
		t.Error("one kind was never drawn")
	}
}

// The first conflict of each operation is reported, with the path to it.
func TestValidator_ReportsConflicts(t *testing.T) {
	s, _ := newCachedIn(t, nil, mergeable, engine.Config{}, prometheus.NewRegistry())
	for query, want := range map[string]string{
		`{ x: a{s} x: b{s} }`: `Fields "x" conflict because "a" and "b" are different fields.`,
		`{ f(x: 1) f(x: 2) }`: `Fields "f" conflict because they have differing arguments.`,
		`{ f(x: 1) f }`:       `Fields "f" conflict because they have differing arguments.`,
		`{ any { ... on A { x: g } ... on B { x: g } } }`:               `Fields "any" conflict because subfields "x" conflict because they return conflicting types "Int" and "Int!".`,
		`{ any { ... on A { k } ... on B { k } } }`:                     `Fields "any" conflict because subfields "k" conflict because they return conflicting types "[Int]" and "[Int]!".`,
		`{ a { to { ...F } } a { to { s: g } } } fragment F on A { s }`: `Fields "a" conflict because subfields "to" conflict because subfields "s" conflict because they return conflicting types "String" and "Int".`,

		`{ f(x: 1, in: {p: 1, q: [1, 2]}) f(in: {q: [1, 2], p: 1}, x: 1) }`: "",
		`{ f(in: {q: [1, 2]}) f(in: {q: [2, 1]}) }`:                         `Fields "f" conflict because they have differing arguments.`,
		`{ any { ... on A { x: f } ... on B { x: f(x: 1) } } }`:             "",
		`{ any { ... on Node { x: f } ... on B { x: f(x: 1) } } }`:          `Fields "any" conflict because subfields "x" conflict because they have differing arguments.`,
	} {
		_, got := s.handler.Explain(t.Context(), engine.Request{Query: query})
		switch {
		case want == "" && got == nil:
		case got == nil || len(got.Errors) != 1 || want == "" || !strings.HasPrefix(got.Errors[0].Message, want) || len(got.Errors[0].Locations) != 1:
			t.Errorf("%s: %+v, want %s", query, got, want)
		}
	}
}
