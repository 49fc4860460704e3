package graphqlserver

import (
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

const scopePrivate = "PRIVATE"

// hint is what @cacheControl says of the answer to an operation. It has the
// meaning that it has in Apollo Server, but for what is said of nothing: such a
// field may be kept as long as the settings let the cache keep what is in it.
type hint struct {
	maxAge  *int // in seconds, of the strictest field; nil: none says
	private bool // some field is for one viewer only
	public  bool // of every field it is said that it may be kept, and that it is not private
}

// keepable tells whether the answer may be kept at all. Without viewers, nobody
// can be given what is private to one.
func (h *hint) keepable() bool { return !h.private && (h.maxAge == nil || *h.maxAge > 0) }

// until is when an answer that was put together at made is not to be given out any more.
func (h *hint) until(made, otherwise time.Time) time.Time {
	if h.maxAge == nil {
		return otherwise
	}
	if end := made.Add(time.Duration(*h.maxAge) * time.Second); end.Before(otherwise) {
		return end
	}
	return otherwise
}

// hintOf reads the hints for the fields of an operation, those too that its
// variables may leave out.
func hintOf(schema *ast.Schema, op *ast.OperationDefinition) hint {
	w := hints{schema: schema, whole: hint{public: true}, seen: map[spread]bool{}}
	w.walk(op.SelectionSet, policy{root: true})
	return w.whole
}

// hints is a walk over an operation.
type hints struct {
	schema *ast.Schema
	whole  hint
	seen   map[spread]bool
}

// spread is a fragment in a place where something is said of the parent, or
// nothing. What the fragment adds hangs on nothing else.
type spread struct {
	fragment *ast.FragmentDefinition
	hinted   bool
}

// policy is what is said of one field.
type policy struct {
	maxAge  *int
	scope   string
	inherit bool // what is said of its parent holds
	root    bool // it is the operation itself
	vague   bool // nothing is said of some type that may stand there
}

func (p policy) hinted() bool { return (p.maxAge != nil || p.scope != "") && !p.vague }

func (w *hints) walk(set ast.SelectionSet, parent policy) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			p := w.of(sel, parent)
			w.whole.restrict(p)
			w.walk(sel.SelectionSet, p)
		case *ast.InlineFragment:
			w.walk(sel.SelectionSet, parent)
		case *ast.FragmentSpread:
			if here := (spread{sel.Definition, parent.hinted()}); !w.seen[here] {
				w.seen[here] = true
				w.walk(sel.Definition.SelectionSet, parent)
			}
		}
	}
}

func (h *hint) restrict(p policy) {
	h.maxAge = stricter(h.maxAge, p.maxAge)
	h.private = h.private || p.scope == scopePrivate
	h.public = h.public && p.hinted() && !h.private
}

// stricter is the lower of two bounds; nil is none.
func stricter(a, b *int) *int {
	if a == nil || (b != nil && *b < *a) {
		return b
	}
	return a
}

// of gives what is said of a field: of an interface's, the strictest of what is
// said for the types that may stand behind it.
func (w *hints) of(f *ast.Field, parent policy) policy {
	var all []policy
	for _, owner := range w.behind(f.ObjectDefinition) {
		def := owner.Fields.ForName(f.Name)
		if def == nil { // __typename, or what a union's members have
			continue
		}
		for _, gives := range w.behind(w.schema.Types[def.Type.Name()]) {
			all = append(all, policyOf(def, gives, parent))
		}
	}
	if len(all) == 0 {
		return parent
	}
	strictest := all[0]
	for _, p := range all[1:] {
		strictest.vague = !strictest.hinted() || !p.hinted()
		strictest.maxAge = stricter(strictest.maxAge, p.maxAge)
		if p.scope == scopePrivate {
			strictest.scope = p.scope
		}
	}
	return strictest
}

// behind gives a type and those that may stand behind it.
func (w *hints) behind(def *ast.Definition) []*ast.Definition {
	if !def.IsAbstractType() {
		return []*ast.Definition{def}
	}
	return append([]*ast.Definition{def}, w.schema.GetPossibleTypes(def)...)
}

// policyOf puts together what is said of a field and of the type that it gives.
// What is said of the field goes before; who says nothing, and gives no
// object, is as its parent is.
func policyOf(def *ast.FieldDefinition, gives *ast.Definition, parent policy) policy {
	p := policy{inherit: !gives.IsCompositeType() && !parent.root}
	if gives.IsCompositeType() {
		p = annotation(gives.Directives)
	}
	own := annotation(def.Directives)
	if own.maxAge != nil {
		p.maxAge = own.maxAge
	}
	if own.scope != "" {
		p.scope = own.scope
	}
	p.inherit = p.maxAge == nil && (p.inherit || own.inherit)
	if p.inherit && parent.hinted() {
		p.maxAge = parent.maxAge
		if p.scope == "" {
			p.scope = parent.scope
		}
	}
	return p
}

// annotation reads a @cacheControl directive.
func annotation(directives ast.DirectiveList) (p policy) {
	d := directives.ForName("cacheControl")
	if d == nil {
		return p
	}
	if arg := d.Arguments.ForName("maxAge"); arg != nil {
		if seconds, err := strconv.Atoi(arg.Value.Raw); err == nil {
			p.maxAge = &seconds
		}
	}
	if arg := d.Arguments.ForName("scope"); arg != nil && arg.Value.Kind == ast.EnumValue {
		p.scope = arg.Value.Raw
	}
	if arg := d.Arguments.ForName("inheritMaxAge"); arg != nil {
		p.inherit = arg.Value.Raw == "true"
	}
	return p
}
