package access

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// The directives of rules.
const (
	Authenticated  = "authenticated"
	RequiresScopes = "requiresScopes"
	AllowRule      = "allow"
)

// An Error is a rule that cannot be enforced.
type Error struct {
	At      *ast.Position // of the field or the type
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Compile returns the rules that the directives of a schema lead to. A rule of a type holds
// for all fields that may return it. A rule of an interface's field holds for that field of
// all types that implement it, and theirs for that of the interface.
//
// A field with a rule must be nullable: where the viewer may not see it, it is null.
func Compile(schema *ast.Schema) (Rules, error) {
	c := compiler{schema, Rules{}}
	names := slices.Sorted(maps.Keys(schema.Types))
	for _, name := range names {
		def := schema.Types[name]
		if def.BuiltIn || (def.Kind != ast.Object && def.Kind != ast.Interface) {
			continue
		}
		for _, f := range def.Fields {
			if err := c.field(def, f); err != nil {
				return nil, err
			}
		}
	}
	return c.rules, nil
}

type compiler struct {
	schema *ast.Schema
	rules  Rules
}

func (c *compiler) field(def *ast.Definition, f *ast.FieldDefinition) error {
	rule, ruled := ruleOf(f.Directives)
	add := func(directives ast.DirectiveList) {
		if more, has := ruleOf(directives); has {
			rule, ruled = rule.and(more), true
		}
	}
	for _, other := range c.related(def) {
		if same := other.Fields.ForName(f.Name); same != nil {
			add(same.Directives)
		}
	}
	for _, given := range c.possible(c.schema.Types[f.Type.Name()]) {
		add(given.Directives)
	}
	if !ruled {
		return nil
	}
	for _, a := range rule.Allow {
		if !allowName.MatchString(a.Name) {
			return &Error{a.At, fmt.Sprintf("%q cannot be the name of a rule: use letters and digits, beginning with a small letter, as in self", a.Name)}
		}
	}
	if f.Type.NonNull {
		return &Error{f.Position, fmt.Sprintf("%s.%s has a rule of access and must be nullable: write %s without the ! at its end", def.Name, f.Name, f.Type)}
	}
	c.rules[def.Name+"."+f.Name] = rule
	return nil
}

var allowName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// related returns the interfaces of an object, or the types that implement an interface.
func (c *compiler) related(def *ast.Definition) []*ast.Definition {
	if def.Kind == ast.Interface {
		return c.schema.GetPossibleTypes(def)
	}
	return c.schema.GetImplements(def)
}

// possible returns a type, and those that its values may have.
func (c *compiler) possible(def *ast.Definition) []*ast.Definition {
	if def == nil || !def.IsAbstractType() {
		return []*ast.Definition{def}
	}
	return append([]*ast.Definition{def}, c.schema.GetPossibleTypes(def)...)
}

func ruleOf(directives ast.DirectiveList) (r Rule, ok bool) {
	ok = directives.ForName(Authenticated) != nil
	for _, d := range directives.ForNames(RequiresScopes) {
		ok = true
		var sets [][]string
		if arg := d.Arguments.ForName("scopes"); arg != nil {
			for _, set := range arg.Value.Children {
				var all []string
				for _, scope := range set.Value.Children {
					all = append(all, scope.Value.Raw)
				}
				if len(set.Value.Children) == 0 && set.Value.Kind != ast.ListValue { // one scope stands for a list of it
					all = []string{set.Value.Raw}
				}
				sets = append(sets, all)
			}
			if arg.Value.Kind != ast.ListValue {
				sets = [][]string{{arg.Value.Raw}}
			}
		}
		r.Scopes = append(r.Scopes, sets)
	}
	for _, d := range directives.ForNames(AllowRule) {
		ok = true
		a := Allow{At: d.Position}
		if arg := d.Arguments.ForName("rule"); arg != nil {
			a.Name = arg.Value.Raw
		}
		r.Allow = append(r.Allow, a)
	}
	return r, ok
}
