package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const generated = `package graph

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

func (ec *executionContext) _T_f(ctx context.Context, field graphql.CollectedField, obj *T) (ret graphql.Marshaler) {
	return graphql.ResolveField(
		ctx,
		ec.OperationContext,
		field,
		func(ctx context.Context, field graphql.CollectedField) (*graphql.FieldContext, error) {
			return ec.fieldContext_T_f(ctx, field)
		},
		func(ctx context.Context) (any, error) {
			return RESOLVER
		},
		MIDDLEWARE,
		func(ctx context.Context, selections ast.SelectionSet, v TYPE) graphql.Marshaler {
			return ec.marshalNString2string(ctx, selections, v)
		},
		true,
		true,
	)
}
func (ec *executionContext) fieldContext_T_f(_ context.Context, field graphql.CollectedField) (fc *graphql.FieldContext, err error) {
	CONTEXT
}
`

func TestOnlyAPlainValueIsWrittenStraightAway(t *testing.T) {
	scalar := `return graphql.NewScalarFieldContext("T", field, false, false, "String")`
	for name, tt := range map[string]struct {
		resolver, middleware, kind, context string
		plain                               bool
	}{
		"a field of the object": {"obj.F, nil", "nil", "string", scalar, true},
		"a resolver":            {"ec.Resolvers.T().F(ctx, obj)", "nil", "string", scalar, false},
		"a method":              {"obj.F(), nil", "nil", "string", scalar, false},
		"one with a directive":  {"obj.F, nil", "ec.directives", "string", scalar, false},
		"one that may be nil":   {"obj.F, nil", "nil", "*string", scalar, false},
		"a list":                {"obj.F, nil", "nil", "[]string", scalar, false},
		"an object":             {"obj.F, nil", "nil", "Other", `return &graphql.FieldContext{Object: "T"}, nil`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("RESOLVER", tt.resolver, "MIDDLEWARE", tt.middleware, "TYPE", tt.kind, "CONTEXT", tt.context).Replace(generated)
			out, err := lean("x.go", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if plain := strings.Contains(string(out), "return ec.marshalNString2string(ctx, field.Selections, obj.F)"); plain != tt.plain {
				t.Errorf("written straight away: %v, want %v:\n%s", plain, tt.plain, out)
			}
		})
	}
}

// A new file of the schema, or a gqlgen that writes things another way, must
// not pass by unnoticed.
func TestTheGraphIsLean(t *testing.T) {
	files, err := filepath.Glob("../../graph/*.generated.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out, err := lean(name, text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out, text) {
			t.Errorf("%s could be leaner: make generate", name)
		}
		all.Write(text)
	}
	for _, call := range []string{"execute.MarshalSlice(", "execute.NewFieldSet(", "execute.NewDeferredGroup(", "execute.MarshalString(", "(ctx, field.Selections, obj.ID)"} {
		if !strings.Contains(all.String(), call) {
			t.Errorf("nothing in the graph says %s", call)
		}
	}
}
