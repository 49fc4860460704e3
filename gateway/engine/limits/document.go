package limits

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
)

// MaxExpansion limits the work of validation: a document may have MaxExpansion times as many elements with its fragments in place as
// it may have tokens. Every element takes a token, so only fragments lead there.
const MaxExpansion = 4

// CheckDocument refuses a document that has too much of something, or whose fragments
// form a cycle. It comes before validation, whose time it bounds, and whose rules rely on
// there being no cycle.
func (c *Checker) CheckDocument(doc *ast.QueryDocument, m Measures) *refusal.Refusal {
	return cmp.Or(
		c.check(limitSelections, selections(doc), c.Selections, "the document has %d selections, more than %d"),
		c.check(limitFragments, len(doc.Fragments), c.Fragments, "the document defines %d fragments, more than %d"),
		c.check(limitDepth, m.depth, c.Depth, "the operation is %d fields deep, more than %d"),
		c.check(limitDepth, m.nesting, c.Depth, "a value or a type is nested %d deep, more than %d"),
		c.check(limitRootFields, m.fields, c.RootFields, "the operation has %d fields at its root, more than %d"),
		c.check(limitAliases, m.aliases, c.Aliases, "the operation has %d aliases, more than %d"),
		c.check(limitAliasLength, m.alias, c.AliasLength, "an alias has %d bytes, more than %d"),
		c.check(limitDirectives, m.directives, c.Directives, "the operation has %d directives, more than %d"),
		c.checkList(m.list),
		c.check(limitTokens, m.elements, MaxExpansion*c.Tokens, "the document has %d elements with its fragments in place, more than %d"),
		m.refuseCycle(),
	)
}

// TooManyTokens returns the refusal of a document with more tokens than are permitted.
func (c *Checker) TooManyTokens() *refusal.Refusal {
	return c.refuse(violation{limit: limitTokens, allowed: c.Tokens, message: fmt.Sprintf("the document has more than %d tokens", c.Tokens)})
}

// TooDeep returns the refusal of a document that is nested deeper than can be parsed.
func (c *Checker) TooDeep(parsed int) *refusal.Refusal {
	return c.refuse(violation{limit: limitDepth, allowed: c.Depth, message: fmt.Sprintf("the document is nested more than %d deep", parsed)})
}

// TooManyElements returns the refusal of a document that would take too long to validate.
func (c *Checker) TooManyElements() *refusal.Refusal {
	return c.refuse(violation{limit: limitTokens, allowed: MaxExpansion * c.Tokens, message: "the document selects too much on different types below one field"})
}

// CheckVariables refuses variables, as they were sent, that hold too long a list.
func (c *Checker) CheckVariables(variables map[string]any) *refusal.Refusal {
	return c.checkList(longestIn(variables))
}

func (c *Checker) checkList(n int) *refusal.Refusal {
	return c.check(limitList, n, c.List, "a list has %d values, more than %d")
}

// Measures are what a document or a part of it has of each thing, with its fragments in
// the place of their spreads.
type Measures struct {
	depth, aliases, directives int
	fields                     int // of the first level
	list                       int // the length of the longest list
	alias                      int // the length of the longest alias
	nesting                    int // of the most deeply nested value
	name                       int // the length of the longest name, or text of a value, in bytes

	// elements is the work of validation: the number of selections, arguments, directives
	// and values. A value counts as often as it is nested, because the values around it
	// are read with it, and a variable more often in an operation with many of them,
	// among which it is searched.
	elements int
	uses     int // of variables

	cycle *gqlerror.Error // of fragments, if there is one
}

// uncountable is where counting stops: fragments in fragments reach any number.
const uncountable = 1 << 30

// add adds o to m.
func (m *Measures) add(o Measures) {
	m.extend(o)
	m.fields = min(m.fields+o.fields, uncountable)
	m.aliases = min(m.aliases+o.aliases, uncountable)
	m.directives = min(m.directives+o.directives, uncountable)
	m.uses = min(m.uses+o.uses, uncountable)
}

// atLeast makes m cover o, another definition of the same document.
func (m *Measures) atLeast(o Measures) {
	m.extend(o)
	m.fields = max(m.fields, o.fields)
	m.aliases = max(m.aliases, o.aliases)
	m.directives = max(m.directives, o.directives)
}

// extend adds what add and atLeast treat alike.
func (m *Measures) extend(o Measures) {
	m.depth = max(m.depth, o.depth)
	m.list = max(m.list, o.list)
	m.alias = max(m.alias, o.alias)
	m.nesting = max(m.nesting, o.nesting)
	m.name = max(m.name, o.name)
	m.elements = min(m.elements+o.elements, uncountable)
	m.cycle = cmp.Or(m.cycle, o.cycle)
}

// refuseCycle refuses a document whose fragments form a cycle.
func (m *Measures) refuseCycle() *refusal.Refusal {
	if m.cycle == nil {
		return nil
	}
	return refusal.New(fault.ValidationFailed, gqlerror.List{m.cycle})
}

// variablesPerElement is how many variables are searched in the time that an element
// takes otherwise.
const variablesPerElement = 64

// Measure returns the most that any operation of a document has of each thing, or any
// fragment by itself, spread or not, and the elements of all of them together.
func Measure(doc *ast.QueryDocument) (most Measures) {
	m := measurer{doc: doc, fragments: map[string]Measures{}}
	for _, op := range doc.Operations {
		is := m.set(op.SelectionSet)
		is.add(ofDirectives(op.Directives))
		for _, v := range op.VariableDefinitions {
			is.add(Measures{name: len(v.Variable), nesting: lists(v.Type), elements: 1})
			is.add(ofDirectives(v.Directives))
			is.add(ofValue(v.DefaultValue))
		}
		is.elements = min(is.elements+is.uses*len(op.VariableDefinitions)/variablesPerElement, uncountable)
		most.atLeast(is)
	}
	for _, f := range doc.Fragments {
		is := m.fragment(f.Name, f.Position)
		is.add(ofDirectives(f.Directives))
		is.add(Measures{name: max(len(f.Name), len(f.TypeCondition))})
		is.fields = 0 // it need not stand at a root
		most.atLeast(is)
	}
	return most
}

// measurer Measures each fragment of a document once. The document need not be
// valid: a fragment that is not there, or that spreads itself, counts as empty.
type measurer struct {
	doc       *ast.QueryDocument
	fragments map[string]Measures
	within    []string // the fragments that are being measured, outermost first
}

func (m *measurer) fragment(name string, at *ast.Position) Measures {
	if i := slices.Index(m.within, name); i >= 0 {
		return Measures{cycle: cycle(m.within[i:], at)}
	}
	if found, ok := m.fragments[name]; ok {
		return found
	}
	var is Measures
	if f := m.doc.Fragments.ForName(name); f != nil {
		m.within = append(m.within, name)
		is = m.set(f.SelectionSet)
		m.within = m.within[:len(m.within)-1]
	}
	m.fragments[name] = is
	return is
}

// cycle returns the error for fragments each of which spreads the next one, and the last
// one, at a position, the first.
func cycle(names []string, at *ast.Position) *gqlerror.Error {
	via := ""
	if len(names) > 1 {
		via = ` via "` + strings.Join(names[1:], `", "`) + `"`
	}
	return gqlerror.ErrorPosf(at, "Cannot spread fragment %q within itself%s.", names[0], via)
}

func (m *measurer) set(set ast.SelectionSet) (sum Measures) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			sum.add(m.field(sel))
		case *ast.InlineFragment:
			sum.add(m.set(sel.SelectionSet))
			sum.add(ofDirectives(sel.Directives))
			sum.add(Measures{name: len(sel.TypeCondition), elements: 1})
		case *ast.FragmentSpread:
			sum.add(m.fragment(sel.Name, sel.Position))
			sum.add(ofDirectives(sel.Directives))
			sum.add(Measures{name: len(sel.Name), elements: 1})
		}
	}
	return sum
}

func (m *measurer) field(f *ast.Field) Measures {
	is := m.set(f.SelectionSet)
	is.depth++
	is.fields = 1
	is.add(Measures{name: max(len(f.Name), len(f.Alias)), elements: 1})
	is.add(ofDirectives(f.Directives))
	is.add(ofArguments(f.Arguments))
	if f.Alias != f.Name {
		is.add(Measures{aliases: 1, alias: len(f.Alias)})
	}
	return is
}

// lists is how many lists a type is nested in.
func lists(t *ast.Type) (n int) {
	for ; t.Elem != nil; t = t.Elem {
		n++
	}
	return n
}

func ofDirectives(list ast.DirectiveList) (sum Measures) {
	for _, d := range list {
		sum.add(Measures{directives: 1, name: len(d.Name), elements: 1})
		sum.add(ofArguments(d.Arguments))
	}
	return sum
}

func ofArguments(list ast.ArgumentList) (sum Measures) {
	for _, a := range list {
		sum.add(Measures{name: len(a.Name), elements: 1})
		sum.add(ofValue(a.Value))
	}
	return sum
}

// ofValue Measures a value; nil is none.
func ofValue(v *ast.Value) (sum Measures) {
	if v != nil {
		sum.addValue(v, 1)
	}
	return sum
}

// addValue adds a value that is nested depth deep.
func (m *Measures) addValue(v *ast.Value, depth int) {
	m.nesting = max(m.nesting, depth)
	m.name = max(m.name, len(v.Raw))
	m.elements += depth
	switch v.Kind {
	case ast.ListValue:
		m.list = max(m.list, len(v.Children))
	case ast.Variable:
		m.uses++
	}
	for _, child := range v.Children {
		m.name = max(m.name, len(child.Name))
		m.addValue(child.Value, depth+1)
	}
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

// LongestName returns the length of the longest name in the document, or of the longest text
// of a value, in bytes.
func (m *Measures) LongestName() int { return m.name }

// selections is the number of fields and fragments in a document, as written.
func selections(doc *ast.QueryDocument) (n int) {
	for _, op := range doc.Operations {
		n += selectionsIn(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		n += selectionsIn(f.SelectionSet)
	}
	return n
}

func selectionsIn(set ast.SelectionSet) int {
	n := len(set)
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			n += selectionsIn(sel.SelectionSet)
		case *ast.InlineFragment:
			n += selectionsIn(sel.SelectionSet)
		}
	}
	return n
}
