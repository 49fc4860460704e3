package graphqlserver

import (
	"cmp"

	"github.com/vektah/gqlparser/v2/ast"
)

// checkDocument refuses a document that has too much of something. It comes
// before validation, which compares each selection with those beside it, so
// that its time grows with the square of their number.
func (l *limiter) checkDocument(doc *ast.QueryDocument) *Result {
	m := measure(doc)
	return cmp.Or(
		l.check(limitSelections, selections(doc), l.Selections, "the document has %d selections, more than %d"),
		l.check(limitFragments, len(doc.Fragments), l.Fragments, "the document defines %d fragments, more than %d"),
		l.check(limitDepth, m.depth, l.Depth, "the operation is %d fields deep, more than %d"),
		l.check(limitRootFields, m.fields, l.RootFields, "the operation has %d fields at its root, more than %d"),
		l.check(limitAliases, m.aliases, l.Aliases, "the operation has %d aliases, more than %d"),
		l.check(limitAliasLength, m.alias, l.AliasLength, "an alias has %d bytes, more than %d"),
		l.check(limitDirectives, m.directives, l.Directives, "the operation has %d directives, more than %d"),
		l.checkList(m.list),
	)
}

// checkVariables refuses variables, as they were sent, that hold too long a list.
func (l *limiter) checkVariables(variables map[string]any) *Result {
	return l.checkList(longestIn(variables))
}

func (l *limiter) checkList(n int) *Result {
	return l.check(limitList, n, l.List, "a list has %d values, more than %d")
}

// measures are what an operation has of each thing, with its fragments in the
// place of their spreads.
type measures struct {
	depth, aliases, directives int
	fields                     int // of the first level
	list                       int // the length of the longest list
	alias                      int // the length of the longest alias, or label of a deferred fragment
}

// uncountable is where counting stops: fragments in fragments reach any number.
const uncountable = 1 << 30

func (m *measures) add(o measures) {
	m.depth = max(m.depth, o.depth)
	m.alias = max(m.alias, o.alias)
	m.list = max(m.list, o.list)
	m.fields = min(m.fields+o.fields, uncountable)
	m.aliases = min(m.aliases+o.aliases, uncountable)
	m.directives = min(m.directives+o.directives, uncountable)
}

func (m *measures) atLeast(o measures) {
	m.depth = max(m.depth, o.depth)
	m.alias = max(m.alias, o.alias)
	m.list = max(m.list, o.list)
	m.fields = max(m.fields, o.fields)
	m.aliases = max(m.aliases, o.aliases)
	m.directives = max(m.directives, o.directives)
}

// measure gives the most that any operation of a document has of each thing,
// or any fragment by itself, spread or not.
func measure(doc *ast.QueryDocument) (most measures) {
	m := measurer{doc, map[string]measures{}}
	for _, op := range doc.Operations {
		is := m.set(op.SelectionSet)
		is.add(ofDirectives(op.Directives))
		for _, v := range op.VariableDefinitions {
			is.add(ofDirectives(v.Directives))
			is.add(measures{list: longest(v.DefaultValue)})
		}
		most.atLeast(is)
	}
	for _, f := range doc.Fragments {
		is := m.fragment(f.Name)
		is.add(ofDirectives(f.Directives))
		is.fields = 0 // it need not stand at a root
		most.atLeast(is)
	}
	return most
}

// measurer measures each fragment of a document once. The document need not be
// valid: a fragment that is not there, or that spreads itself, counts as empty.
type measurer struct {
	doc       *ast.QueryDocument
	fragments map[string]measures
}

func (m measurer) fragment(name string) measures {
	if found, ok := m.fragments[name]; ok {
		return found
	}
	m.fragments[name] = measures{} // while it is measured, of itself it has nothing
	if f := m.doc.Fragments.ForName(name); f != nil {
		m.fragments[name] = m.set(f.SelectionSet)
	}
	return m.fragments[name]
}

func (m measurer) set(set ast.SelectionSet) (sum measures) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			sum.add(m.field(sel))
		case *ast.InlineFragment:
			sum.add(m.set(sel.SelectionSet))
			sum.add(ofDirectives(sel.Directives))
		case *ast.FragmentSpread:
			sum.add(m.fragment(sel.Name))
			sum.add(ofDirectives(sel.Directives))
		}
	}
	return sum
}

func (m measurer) field(f *ast.Field) measures {
	is := m.set(f.SelectionSet)
	is.depth++
	is.fields = 1
	is.add(ofDirectives(f.Directives))
	is.add(measures{list: longestOf(f.Arguments)})
	if f.Alias != f.Name {
		is.add(measures{aliases: 1, alias: len(f.Alias)})
	}
	return is
}

func ofDirectives(list ast.DirectiveList) measures {
	m := measures{directives: len(list)}
	for _, d := range list {
		m.list = max(m.list, longestOf(d.Arguments))
	}
	return m
}

func longestOf(list ast.ArgumentList) (n int) {
	for _, a := range list {
		n = max(n, longest(a.Value))
	}
	return n
}

// longest is the length of the longest list in a value.
func longest(v *ast.Value) (n int) {
	if v == nil {
		return 0
	}
	if v.Kind == ast.ListValue {
		n = len(v.Children)
	}
	for _, child := range v.Children {
		n = max(n, longest(child.Value))
	}
	return n
}

// longestIn is the same of a value in JSON.
func longestIn(v any) (n int) {
	switch v := v.(type) {
	case []any:
		n = len(v)
		for _, e := range v {
			n = max(n, longestIn(e))
		}
	case map[string]any:
		for _, e := range v {
			n = max(n, longestIn(e))
		}
	}
	return n
}
