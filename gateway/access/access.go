// Package access says which fields of a schema a viewer may see. Its [Rules] are compiled
// from the directives @authenticated, @requiresScopes and @allow, and enforced by
// [tributary/gateway/engine] once for each operation, before anything is loaded.
package access

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/auth"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// A Rule is a condition for seeing a field. Every rule requires that the viewer is signed in.
type Rule struct {
	// Scopes are conditions that must all be met. Each is a list of sets of scopes, of which
	// the viewer must have one set as a whole, as in @requiresScopes.
	Scopes [][][]string
	// Allow are rules of the project's own that must all permit it, as in @allow.
	Allow []Allow
}

// Rules are the rules of a schema by coordinate, as in "Author.email". A field without a rule is
// public.
type Rules map[string]Rule

// Check returns nil if the viewer, nil for an anonymous one, may see the field by the scopes of
// its rule. [Rule.CheckField] checks [Rule.Allow].
func (r Rule) Check(v *auth.Viewer) *fault.Error {
	if v == nil {
		return &fault.Error{Kind: fault.Unauthenticated, Message: "sign in to see this field"}
	}
	for _, sets := range r.Scopes {
		if !v.HasScopes(sets) {
			return &fault.Error{Kind: fault.Forbidden, Message: "the token lacks the scopes for this field"}
		}
	}
	return nil
}

// and returns the rule of what must meet both.
func (r Rule) and(other Rule) Rule {
	return Rule{Scopes: slices.Concat(r.Scopes, other.Scopes), Allow: slices.Concat(r.Allow, other.Allow)}
}

// With returns a schema that enforces rules on its fields.
func With(schema graphql.ExecutableSchema, rules Rules) graphql.ExecutableSchema {
	if len(rules) == 0 {
		return schema
	}
	return guarded{schema, rules}
}

type guarded struct {
	graphql.ExecutableSchema
	rules Rules
}

// Of returns the rules of a schema that [With] has returned, nil for another one.
func Of(schema graphql.ExecutableSchema) Rules {
	if g, ok := schema.(guarded); ok {
		return g.rules
	}
	return nil
}

// Viewer returns the viewer of the operation of ctx, nil for an anonymous one. It makes the
// response private to the viewer.
func Viewer(ctx context.Context) *auth.Viewer {
	report.From(ctx).Personal()
	return auth.From(ctx)
}
