package engine

import (
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

const scopePrivate = "PRIVATE"

// hint is the cache policy of an operation's response, computed from @cacheControl as
// Apollo Server does, with one exception: a field without a hint may be cached for as
// long as the entities in it.
type hint struct {
	maxAge  *int // in seconds, of the strictest field; nil: none says
	private bool // some field is for one viewer only
	public  bool // every field has a hint that permits caching, and none is private
}

// keepable reports whether the response may be cached at all.
func (h *hint) keepable() bool { return h.maxAge == nil || *h.maxAge > 0 }

// until returns when a response created at made expires.
func (h *hint) until(made, otherwise time.Time) time.Time {
	if h.maxAge == nil {
		return otherwise
	}
	if end := made.Add(time.Duration(*h.maxAge) * time.Second); end.Before(otherwise) {
		return end
	}
	return otherwise
}

// hintOf combines the hints of all fields of an operation, including those that its
// variables may skip.
func hintOf(schema *ast.Schema, op *ast.OperationDefinition) hint {
	w := hintWalk{schema: schema, whole: hint{public: true}, seen: map[spread]bool{}}
	w.walk(op.SelectionSet, fieldHint{root: true})
	return w.whole
}

// hintWalk is a walk over an operation.
type hintWalk struct {
	schema *ast.Schema
	whole  hint
	seen   map[spread]bool
}

// spread is a fragment spread where the parent has a hint or not. The result of walking
// a fragment depends on nothing else.
type spread struct {
	fragment *ast.FragmentDefinition
	hinted   bool
}

// fieldHint is the hint of one field.
type fieldHint struct {
	maxAge  *int
	scope   string
	inherit bool // take the parent's hint
	root    bool // it is the operation itself
	vague   bool // some possible type of the field has no hint
}

func (p fieldHint) hinted() bool { return (p.maxAge != nil || p.scope != "") && !p.vague }

func (w *hintWalk) walk(set ast.SelectionSet, parent fieldHint) {
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

func (h *hint) restrict(p fieldHint) {
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

// of returns the policy of a field. For an interface or union, it is the strictest of
// those of its possible types.
func (w *hintWalk) of(f *ast.Field, parent fieldHint) fieldHint {
	var all []fieldHint
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

// behind returns a type and its possible types.
func (w *hintWalk) behind(def *ast.Definition) []*ast.Definition {
	if !def.IsAbstractType() {
		return []*ast.Definition{def}
	}
	return append([]*ast.Definition{def}, w.schema.GetPossibleTypes(def)...)
}

// policyOf combines the hints of a field and of its type. That of the field takes
// precedence. A scalar field without a hint inherits from its parent.
func policyOf(def *ast.FieldDefinition, gives *ast.Definition, parent fieldHint) fieldHint {
	p := fieldHint{inherit: !gives.IsCompositeType() && !parent.root}
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
func annotation(directives ast.DirectiveList) (p fieldHint) {
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
