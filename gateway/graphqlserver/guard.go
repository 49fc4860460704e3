package graphqlserver

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	gqlvalidator "github.com/vektah/gqlparser/v2/validator"

	"tributary/gateway/access"
	"tributary/gateway/auth"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
)

// guarded applies the rules of access to a query, before its response is looked up and
// anything is loaded for it. Fields that the viewer may not see are executed as null; such a
// result has errors and is never cached. A subscription whose field is refused is refused.
func (s *Server) guarded(next execution) execution {
	if len(s.rules) == 0 {
		return next
	}
	return func(ctx context.Context, q *query) *Result {
		s.guard(ctx, q)
		if q.selected.Operation == ast.Subscription {
			for _, why := range q.refused {
				return refuseOne(why.Kind, why.Message)
			}
		}
		result := next(ctx, q)
		result.guarded = q.guarded
		return result
	}
}

// guard finds out which fields of a query are refused.
func (s *Server) guard(ctx context.Context, q *query) {
	guarded := q.doc.guards.of(s.rules, q.selected)
	if len(guarded) == 0 {
		return
	}
	q.guarded = true
	viewer := auth.From(ctx)
	var variables map[string]any
	for _, f := range guarded {
		rule := s.rules[coordinateOf(f)]
		why := rule.Check(viewer)
		if len(rule.Allow) > 0 {
			q.ownRules = true
			if variables == nil {
				variables = s.coerced(q)
			}
			if why == nil {
				why = s.allows(ctx, rule, viewer, f, variables)
			}
		}
		if why != nil {
			if q.refused == nil {
				q.refused = map[*ast.Position]*fault.Error{}
			}
			q.refused[f.Position] = why
		}
	}
}

// coerced returns the variables of a query for rules. If they do not fit their types, there
// are none: such a query is refused as a whole, later.
func (s *Server) coerced(q *query) map[string]any {
	variables, err := gqlvalidator.VariableValues(s.schema, q.selected, execute.WithDefaults(q.selected, q.Variables))
	if err != nil {
		return map[string]any{}
	}
	return variables
}

// allows asks the rules of a project's own. One that panics refuses.
func (s *Server) allows(ctx context.Context, rule access.Rule, viewer *auth.Viewer, f *ast.Field, variables map[string]any) (why *fault.Error) {
	defer func() {
		if v := recover(); v != nil {
			s.tellOfPanic(ctx, fault.Recovered("", v))
			why = access.Refused()
		}
	}()
	return rule.CheckField(ctx, access.Field{Viewer: viewer, Coordinate: coordinateOf(f), Args: f.ArgumentMap(variables)})
}

// guards caches, for each operation of a document, the fields in it that have rules. The
// zero value is empty. It is safe for concurrent use.
type guards struct {
	mu    sync.Mutex
	known map[*ast.OperationDefinition][]*ast.Field
}

// of returns the fields in an operation that have rules, each occurrence once.
func (g *guards) of(rules access.Rules, op *ast.OperationDefinition) []*ast.Field {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.known[op]
	if !ok {
		w := guardWalk{rules: rules, fragments: map[*ast.FragmentDefinition]bool{}}
		w.walk(op.SelectionSet)
		found = w.found
		if g.known == nil {
			g.known = map[*ast.OperationDefinition][]*ast.Field{}
		}
		g.known[op] = found
	}
	return found
}

type guardWalk struct {
	rules     access.Rules
	found     []*ast.Field
	fragments map[*ast.FragmentDefinition]bool
}

func (w *guardWalk) walk(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if _, ruled := w.rules[coordinateOf(sel)]; ruled {
				w.found = append(w.found, sel)
			}
			w.walk(sel.SelectionSet)
		case *ast.InlineFragment:
			w.walk(sel.SelectionSet)
		case *ast.FragmentSpread:
			if !w.fragments[sel.Definition] {
				w.fragments[sel.Definition] = true
				w.walk(sel.Definition.SelectionSet)
			}
		}
	}
}

// coordinateOf returns the schema coordinate of a field of a valid document.
func coordinateOf(f *ast.Field) string {
	if f.ObjectDefinition == nil {
		return ""
	}
	return f.ObjectDefinition.Name + "." + f.Name
}

// pruned returns a copy of a valid document in which the fields at the given positions are
// refused. Copies of a document share the positions.
func pruned(doc *ast.QueryDocument, refused map[*ast.Position]*fault.Error) *ast.QueryDocument {
	return copied(doc, func(f *ast.Field) *ast.Field {
		if why := refused[f.Position]; why != nil {
			return execute.Refused(f, why)
		}
		return nil
	}, func(list ast.DirectiveList) ast.DirectiveList { return list })
}

// VariesByViewer reports whether another viewer may get another answer. It then belongs into
// no shared cache, and needs Vary: Authorization.
func (r *Result) VariesByViewer() bool { return r.guarded || r.Summary.Personal }

// Refusal returns the error of the first field that the viewer may not see, nil if there is
// none. A REST endpoint answers with it alone.
func (r *Result) Refusal() *fault.Error {
	for _, err := range r.Errors {
		for _, kind := range []fault.Kind{fault.Unauthenticated, fault.Forbidden} {
			if err.Extensions["code"] == kind.Code() {
				return &fault.Error{Kind: kind, Message: err.Message}
			}
		}
	}
	return nil
}
