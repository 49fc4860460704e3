package graphqlserver

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

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
		viewer := auth.From(ctx)
		for _, coordinate := range q.doc.guards.of(s.rules, q.selected) {
			q.guarded = true
			if why := s.rules[coordinate].Check(viewer); why != nil {
				if q.refused == nil {
					q.refused = map[string]*fault.Error{}
				}
				q.refused[coordinate] = why
			}
		}
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

// guards caches, for each operation of a document, the coordinates in it that have rules.
// The zero value is empty. It is safe for concurrent use.
type guards struct {
	mu    sync.Mutex
	known map[*ast.OperationDefinition][]string
}

// of returns the coordinates in an operation that have rules, each once.
func (g *guards) of(rules access.Rules, op *ast.OperationDefinition) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.known[op]
	if !ok {
		w := guardWalk{rules: rules, seen: map[string]bool{}, fragments: map[*ast.FragmentDefinition]bool{}}
		w.walk(op.SelectionSet)
		found = w.found
		if g.known == nil {
			g.known = map[*ast.OperationDefinition][]string{}
		}
		g.known[op] = found
	}
	return found
}

type guardWalk struct {
	rules     access.Rules
	found     []string
	seen      map[string]bool
	fragments map[*ast.FragmentDefinition]bool
}

func (w *guardWalk) walk(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			c := coordinateOf(sel)
			if _, ruled := w.rules[c]; ruled && !w.seen[c] {
				w.seen[c] = true
				w.found = append(w.found, c)
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

// pruned returns a copy of a valid document in which the fields with the given coordinates
// are refused.
func pruned(doc *ast.QueryDocument, refused map[string]*fault.Error) *ast.QueryDocument {
	return copied(doc, func(f *ast.Field) *ast.Field {
		if why := refused[coordinateOf(f)]; why != nil {
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
