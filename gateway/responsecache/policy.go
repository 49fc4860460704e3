package responsecache

import (
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

const scopePrivate = "PRIVATE"

// Policy is the cache policy of an operation's response, computed from @cacheControl as
// Apollo Server does, with one exception: a field without a hint may be cached for as
// long as the entities in it.
type Policy struct {
	Private bool // some field is for one viewer only
	Public  bool // every field has a hint that permits caching, and none is private

	maxAge *int // in seconds, of the strictest field; nil: no field limits it
}

// Cacheable reports whether the response may be cached at all.
func (p *Policy) Cacheable() bool { return p.maxAge == nil || *p.maxAge > 0 }

// Expiry returns when a response expires that was created at made, and whose entities expire at
// entities.
func (p *Policy) Expiry(made, entities time.Time) time.Time {
	if p.maxAge == nil {
		return entities
	}
	if end := made.Add(time.Duration(*p.maxAge) * time.Second); end.Before(entities) {
		return end
	}
	return entities
}

// PolicyOf combines the hints of all fields of an operation, including those that its
// variables may skip.
func PolicyOf(schema *ast.Schema, op *ast.OperationDefinition) Policy {
	w := policyVisitor{schema: schema, whole: Policy{Public: true}, seen: map[spread]bool{}}
	w.walk(op.SelectionSet, fieldHint{root: true})
	return w.whole
}

// policyVisitor visits the fields of an operation.
type policyVisitor struct {
	schema *ast.Schema
	whole  Policy
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
	partial bool // some possible type of the field has no hint
}

func (p fieldHint) hasHint() bool { return (p.maxAge != nil || p.scope != "") && !p.partial }

func (w *policyVisitor) walk(set ast.SelectionSet, parent fieldHint) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			p := w.hint(sel, parent)
			w.whole.restrict(p)
			w.walk(sel.SelectionSet, p)
		case *ast.InlineFragment:
			w.walk(sel.SelectionSet, parent)
		case *ast.FragmentSpread:
			if here := (spread{sel.Definition, parent.hasHint()}); !w.seen[here] {
				w.seen[here] = true
				w.walk(sel.Definition.SelectionSet, parent)
			}
		}
	}
}

// restrict adds the hint of a field.
func (p *Policy) restrict(f fieldHint) {
	p.maxAge = minMaxAge(p.maxAge, f.maxAge)
	p.Private = p.Private || f.scope == scopePrivate
	p.Public = p.Public && f.hasHint() && !p.Private
}

// minMaxAge is the lower of two bounds; nil is none.
func minMaxAge(a, b *int) *int {
	if a == nil || (b != nil && *b < *a) {
		return b
	}
	return a
}

// hint returns the hint of a field. For an interface or union, it is the strictest of
// those of its possible types.
func (w *policyVisitor) hint(f *ast.Field, parent fieldHint) fieldHint {
	var all []fieldHint
	for _, owner := range w.possibleTypes(f.ObjectDefinition) {
		def := owner.Fields.ForName(f.Name)
		if def == nil { // __typename, or what a union's members have
			continue
		}
		for _, gives := range w.possibleTypes(w.schema.Types[def.Type.Name()]) {
			all = append(all, hintOf(def, gives, parent))
		}
	}
	if len(all) == 0 {
		return parent
	}
	strictest := all[0]
	for _, p := range all[1:] {
		strictest.partial = !strictest.hasHint() || !p.hasHint()
		strictest.maxAge = minMaxAge(strictest.maxAge, p.maxAge)
		if p.scope == scopePrivate {
			strictest.scope = p.scope
		}
	}
	return strictest
}

// possibleTypes returns a type and its possible types.
func (w *policyVisitor) possibleTypes(def *ast.Definition) []*ast.Definition {
	if !def.IsAbstractType() {
		return []*ast.Definition{def}
	}
	return append([]*ast.Definition{def}, w.schema.GetPossibleTypes(def)...)
}

// hintOf combines the hints of a field and of its type. That of the field takes
// precedence. A scalar field without a hint inherits from its parent.
func hintOf(def *ast.FieldDefinition, gives *ast.Definition, parent fieldHint) fieldHint {
	p := fieldHint{inherit: !gives.IsCompositeType() && !parent.root}
	if gives.IsCompositeType() {
		p = parseDirective(gives.Directives)
	}
	own := parseDirective(def.Directives)
	if own.maxAge != nil {
		p.maxAge = own.maxAge
	}
	if own.scope != "" {
		p.scope = own.scope
	}
	p.inherit = p.maxAge == nil && (p.inherit || own.inherit)
	if p.inherit && parent.hasHint() {
		p.maxAge = parent.maxAge
		if p.scope == "" {
			p.scope = parent.scope
		}
	}
	return p
}

// parseDirective reads a @cacheControl directive.
func parseDirective(directives ast.DirectiveList) (p fieldHint) {
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
