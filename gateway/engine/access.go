package engine

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"
	gqlvalidator "github.com/vektah/gqlparser/v2/validator"

	"tributary/gateway/access"
	"tributary/gateway/auth"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
)

// applyAccessRules applies the rules of access to an operation, before its response is looked
// up and anything is loaded for it. Fields that the viewer may not see are executed as null;
// such a result has errors and is never cached. A subscription whose field is denied is refused.
func (e *Engine) applyAccessRules(next handler) handler {
	if len(e.rules) == 0 {
		return next
	}
	return func(ctx context.Context, op *operation) *Result {
		e.denyFields(ctx, op)
		if op.isSubscription() {
			for _, why := range op.denied {
				return Refused(refusal.Of(why.Kind, why.Message))
			}
		}
		result := next(ctx, op)
		if result.ruled != op.ruled { // never of a cached result, which is shared
			result.ruled = op.ruled
		}
		return result
	}
}

// denyFields finds the fields of an operation that the viewer may not see.
func (e *Engine) denyFields(ctx context.Context, op *operation) {
	fields := e.ruledFields.Of(op.document, op.definition)
	if len(fields) == 0 {
		return
	}
	op.ruled = true
	viewer := auth.From(ctx)
	var values map[string]any
	for _, f := range fields {
		rule := e.rules[coordinateOf(f)]
		why := rule.Check(viewer)
		if len(rule.Allow) > 0 {
			op.ownRules = true
			if values == nil {
				values = e.variablesForRules(op)
			}
			if why == nil {
				why = e.checkOwnRules(ctx, rule, viewer, f, values)
			}
		}
		if why != nil {
			if op.denied == nil {
				op.denied = map[*ast.Position]*fault.Error{}
			}
			op.denied[f.Position] = why
		}
	}
}

// variablesForRules returns the coerced variables of an operation. If they do not fit their
// types, there are none: such an operation is refused as a whole, later.
func (e *Engine) variablesForRules(op *operation) map[string]any {
	values, err := gqlvalidator.VariableValues(e.schema, op.definition, execute.WithDefaults(op.definition, op.Variables))
	if err != nil {
		return map[string]any{}
	}
	return values
}

// checkOwnRules applies the rules of a project's own to a field. A rule that panics denies it.
func (e *Engine) checkOwnRules(ctx context.Context, rule access.Rule, viewer *auth.Viewer, f *ast.Field, values map[string]any) (why *fault.Error) {
	defer func() {
		if v := recover(); v != nil {
			e.reportPanic(ctx, fault.Recovered("", v))
			why = access.Refused()
		}
	}()
	return rule.CheckField(ctx, access.Field{Viewer: viewer, Coordinate: coordinateOf(f), Args: f.ArgumentMap(values)})
}

// fieldsWithRules returns the fields in an operation that have rules, each occurrence once.
func fieldsWithRules(rules access.Rules, op *ast.OperationDefinition) []*ast.Field {
	w := ruleWalk{rules: rules, fragments: map[*ast.FragmentDefinition]bool{}}
	w.walk(op.SelectionSet)
	return w.found
}

type ruleWalk struct {
	rules     access.Rules
	found     []*ast.Field
	fragments map[*ast.FragmentDefinition]bool
}

func (w *ruleWalk) walk(set ast.SelectionSet) {
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

// withoutDenied returns a copy of a valid document in which the fields at the given positions
// give errors. Copies of a document share the positions.
func withoutDenied(doc *ast.QueryDocument, denied map[*ast.Position]*fault.Error) *ast.QueryDocument {
	return document.Copy(doc, func(f *ast.Field) *ast.Field {
		if why := denied[f.Position]; why != nil {
			return execute.Refused(f, why)
		}
		return nil
	}, func(list ast.DirectiveList) ast.DirectiveList { return list })
}
