package document

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/gateway/engine/refusal"
)

// validator validates documents (GraphQL, section 5). Its work is proportional to the
// elements that [limits.Measure] counts; cycles of fragments must have been refused before.
type validator struct {
	schema *ast.Schema
	// The rules for documents with names of usual lengths, and for others. A suggestion
	// compares a name with those of the schema letter by letter.
	helpful, terse []core.Rule
}

// maxTypo is the length of the longest name for which the right one is suggested.
const maxTypo = 128

// newValidator returns a validator. Without suggest it suggests no name, which would tell
// the schema to clients that may not introspect it.
func newValidator(schema *ast.Schema, suggest bool) *validator {
	v := &validator{schema: schema, terse: append([]core.Rule{
		ruleLongInteger,
		rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
		rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ScalarLeafsRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	}, commonRules()...)}
	v.helpful = v.terse
	if suggest {
		v.helpful = append([]core.Rule{
			ruleLongInteger,
			rules.FieldsOnCorrectTypeRule,
			rules.KnownArgumentNamesRule,
			rules.KnownTypeNamesRule,
			rules.ScalarLeafsRule,
			rules.ValuesOfCorrectTypeRule,
		}, commonRules()...)
	}
	return v
}

// commonRules are the library's rules that suggest nothing, except two: [limits.Measure] finds
// cycles of fragments, and [merging] the fields that cannot be merged.
func commonRules() []core.Rule {
	return []core.Rule{
		rules.FragmentsOnCompositeTypesRule,
		rules.KnownDirectivesRule,
		rules.KnownFragmentNamesRule,
		rules.KnownRootTypeRule,
		rules.LoneAnonymousOperationRule,
		rules.MaxIntrospectionDepth,
		rules.NoUndefinedVariablesRule,
		rules.NoUnusedFragmentsRule,
		rules.NoUnusedVariablesRule,
		rules.PossibleFragmentSpreadsRule,
		rules.ProvidedRequiredArgumentsRule,
		rules.SingleFieldSubscriptionsRule,
		rules.UniqueArgumentNamesRule,
		rules.UniqueDirectivesPerLocationRule,
		rules.UniqueFragmentNamesRule,
		rules.UniqueInputFieldNamesRule,
		rules.UniqueOperationNamesRule,
		rules.UniqueVariableNamesRule,
		rules.VariablesAreInputTypesRule,
		rules.VariablesInAllowedPositionRule,
		ruleEmptyObject,
	}
}

// validate adds the definitions of the schema to a document, and returns the first errors
// in it, at most [refusal.MaxErrors].
func (v *validator) validate(doc *ast.QueryDocument, longestName int) (errs gqlerror.List) {
	if longestName <= maxTypo {
		return v.apply(v.helpful, doc)
	}
	return v.apply(v.terse, doc)
}

// enough ends a walk.
type enough struct{}

func (v *validator) apply(all []core.Rule, doc *ast.QueryDocument) (errs gqlerror.List) {
	defer func() {
		if r := recover(); r != nil && r != (enough{}) {
			panic(r)
		}
	}()
	var events core.Events
	for _, rule := range all {
		rule.RuleFunc(&events, func(options ...core.ErrorOption) {
			err := &gqlerror.Error{Rule: rule.Name}
			for _, set := range options {
				set(err)
			}
			if errs = append(errs, err); len(errs) == refusal.MaxErrors {
				panic(enough{})
			}
		})
	}
	core.Walk(v.schema, doc, &events)
	return errs
}
