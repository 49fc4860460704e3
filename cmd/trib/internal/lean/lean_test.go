package lean

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const generated = `package graph

import (
	"bytes"
	"maps"
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

func TestLean_PlainValue(t *testing.T) {
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
			text := strings.NewReplacer("RESOLVER", tt.resolver, "MIDDLEWARE", tt.middleware, "TYPE", tt.kind, "CONTEXT",
				tt.context).Replace(generated)
			out := leaned(t, text)
			if plain := strings.Contains(out, "return ec.marshalNString2string(ctx, field.Selections, obj.F)"); plain != tt.plain {
				t.Errorf("written straight away: %v, want %v:\n%s", plain, tt.plain, out)
			}
		})
	}
}

// leaned returns the text of one file after rewriting.
func leaned(t *testing.T, text string) string {
	t.Helper()
	texts := map[string][]byte{"x.go": []byte(text)}
	if err := rewriteFile(texts); err != nil {
		t.Fatal(err)
	}
	return string(texts["x.go"])
}

const anObject = `
func (ec *executionContext) _T(ctx context.Context, sel ast.SelectionSet, obj *T) graphql.Marshaler {
	fields := graphql.CollectFields(ec.OperationContext, sel, tImplementors)
	out := graphql.NewFieldSet(fields)
	for i, field := range fields {
		switch field.Name {
		case "__typename":
			out.Values[i] = graphql.MarshalString("T")
		case "f":
			out.Values[i] = ec._T_f(ctx, field, obj)
		case "other":
			out.Values[i] = ec._T_other(ctx, field, obj)
		}
	}
	return out
}

func (ec *executionContext) MARSHAL(ctx context.Context, sel ast.SelectionSet, v string) graphql.Marshaler {
	return v
}
`

func TestLean_PlainObject(t *testing.T) {
	for name, tt := range map[string]struct{ resolver, marshal, want string }{
		"one of Go's own":              {"obj.F, nil", "marshalNString2string", "execute.String(obj.F).MarshalGQL(w)"},
		"one that may be left":         {"obj.F, nil", "marshalOInt2int32", "execute.Int(obj.F).MarshalGQL(w)"},
		"one that writes itself":       {"obj.F, nil", "marshalNDecimal2Decimal", "\t\tobj.F.MarshalGQL(w)"},
		"one that has to be asked for": {"ec.Resolvers.T().F(ctx, obj)", "marshalNString2string", ""},
		"one of unknown making":        {"obj.F, nil", "marshalNFloat2float64", ""},
	} {
		t.Run(name, func(t *testing.T) {
			marshal := tt.marshal
			if tt.want == "" {
				marshal = "unmarshalSomething"
			}
			out := leaned(t, strings.NewReplacer("RESOLVER", tt.resolver, "MIDDLEWARE", "nil", "TYPE", "string",
				"CONTEXT", `return graphql.NewScalarFieldContext("T", field, false, false, "String")`,
				"marshalNString2string", tt.marshal).Replace(generated)+strings.ReplaceAll(anObject, "MARSHAL", marshal))
			if tt.want == "" {
				if strings.Contains(out, "shape_T(") {
					t.Errorf("it is written from what it is:\n%s", out)
				}
				return
			}
			for _, want := range []string{
				"if shape, ok := ec.shape_T(fields); ok {",
				"return execute.Object[*executionContext, T]{Shape: shape, Of: obj}", `case "__typename", "f":`,
				"func write_T(ec *executionContext, w io.Writer, field *graphql.CollectedField, obj *T) {",
				"execute.String(\"T\").MarshalGQL(w)", tt.want,
			} {
				if !strings.Contains(out, want) {
					t.Errorf("nothing says %s:\n%s", want, out)
				}
			}
		})
	}
}

const aList = `
func (ec *executionContext) _Box(ctx context.Context, sel ast.SelectionSet, obj *Box) graphql.Marshaler {
	fields := graphql.CollectFields(ec.OperationContext, sel, boxImplementors)
	out := graphql.NewFieldSet(fields)
	for i, field := range fields {
		switch field.Name {
		case "__typename":
			out.Values[i] = graphql.MarshalString("Box")
		case "f":
			out.Values[i] = ec._T_f(ctx, field, obj)
		case "things":
			out.Values[i] = ec._Box_things(ctx, field, obj)
		}
	}
	return out
}

func (ec *executionContext) _Box_things(ctx context.Context, field graphql.CollectedField, obj *Box) (ret graphql.Marshaler) {
	return graphql.ResolveField(
		ctx, ec.OperationContext, field, ec.fieldContext_Box_things,
		func(ctx context.Context) (any, error) { return RESOLVER },
		nil,
		func(ctx context.Context, selections ast.SelectionSet, v []*T) graphql.Marshaler { return ec.marshalNT2ᚕᚖT(ctx, selections, v) },
		true, true,
	)
}

func (ec *executionContext) marshalNT2ᚕᚖT(ctx context.Context, sel ast.SelectionSet, v []*T) graphql.Marshaler {
	ret := graphql.MarshalSliceConcurrently(ctx, len(v), 0, false, func(ctx context.Context, i int) graphql.Marshaler {
		return ec.ELEMENT2ᚖT(ctx, sel, v[i])
	})
	return ret
}

func (ec *executionContext) ELEMENT2ᚖT(ctx context.Context, sel ast.SelectionSet, v *T) graphql.Marshaler {
	if v == nil {
		return graphql.Null
	}
	return ec._T(ctx, sel, v)
}
`

func TestLean_PlainList(t *testing.T) {
	for name, tt := range map[string]struct {
		resolver, element string
		inAnswer          string // how a list becomes an answer
		inObject          bool   // the list that an object holds is written with it
	}{
		"one that the object holds":       {"obj.Things, nil", "marshalNT", "execute.All(v, true, whole_T)", true},
		"one that has to be asked for":    {"ec.Resolvers.Box().Things(ctx, obj)", "marshalNT", "execute.All(v, true, whole_T)", false},
		"one in which some may be absent": {"obj.Things, nil", "marshalOT", "execute.All(v, false, whole_T)", false},
	} {
		t.Run(name, func(t *testing.T) {
			out := leaned(t, strings.NewReplacer("RESOLVER", "obj.F, nil", "MIDDLEWARE", "nil", "TYPE", "string",
				"CONTEXT", `return graphql.NewScalarFieldContext("T", field, false, false, "String")`).Replace(generated)+
				strings.ReplaceAll(anObject, "MARSHAL", "marshalNString2string")+
				strings.NewReplacer("RESOLVER", tt.resolver, "ELEMENT", tt.element).Replace(aList))
			for said, want := range map[string]bool{
				tt.inAnswer: true,
				"return execute.Objects[*executionContext, T]{Shape: shape, Of: v}":                 true,
				"execute.Objects[*executionContext, T]{Shape: shape, Of: obj.Things}.MarshalGQL(w)": tt.inObject,
				"return obj != nil && execute.All(obj.Things, true, whole_T)":                       tt.inObject,
				"ok && whole_Box(obj) {": tt.inObject,
				"return ec.marshalNT2ᚕᚖT(graphql.WithFieldContext(ctx, fc), field.Selections, obj.Things)": tt.resolver == "obj.Things, nil",
			} {
				if strings.Contains(out, said) != want {
					t.Errorf("it says %s: %v, want %v:\n%s", said, !want, want, out)
				}
			}
		})
	}
}

func TestLean_BufferReuse(t *testing.T) {
	out := leaned(t, generated+`
func (e *executableSchema) Exec(ctx context.Context, data graphql.Marshaler) []byte {
	var buf bytes.Buffer
	data.MarshalGQL(&buf)
	return buf.Bytes()
}
`)
	if !strings.Contains(out, "\tbuf := execute.Written(ctx, data)\n\treturn buf.Bytes()\n") {
		t.Errorf("it is not:\n%s", out)
	}
}

func TestLean_ReplacesCalls(t *testing.T) {
	out := leaned(t, generated+`
func (ec *executionContext) _Query_f(ctx context.Context, field graphql.CollectedField) {
	_, _ = ec.field_Query_f_args(ctx, field.ArgumentMap(ec.Variables))
	_ = graphql.NewFieldSet(fields)
	_ = graphql.NewDeferredGroup(ctx)
	_ = graphql.MarshalID(v)
}
`)
	for _, call := range []string{
		"ec.field_Query_f_args(ctx, execute.ArgumentMap(field.Field, ec.Variables))",
		"execute.NewFieldSet(ctx, fields)", "execute.NewDeferredGroup(ctx)", "execute.MarshalString(v)",
	} {
		if !strings.Contains(out, call) {
			t.Errorf("there is no %s in\n%s", call, out)
		}
	}
}

// Fails if a new file of the schema or a new version of gqlgen generates code that is not
// rewritten.
func TestLean_Graph(t *testing.T) {
	files, err := filepath.Glob("../../../../gateway/internal/testgraph/*.generated.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all strings.Builder
	texts := map[string][]byte{}
	for _, name := range files {
		if texts[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
		all.Write(texts[name])
	}
	before := maps.Clone(texts)
	if err := rewriteFile(texts); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if !bytes.Equal(text, before[name]) {
			t.Errorf("%s could be leaner: go generate ./gateway/internal/testgraph", name)
		}
	}
	for _, call := range []string{"execute.Objects[*executionContext, Book]{", "execute.MarshalSlice(", "execute.Written(", "execute.NewFieldSet(ctx, ", "execute.NewDeferredGroup(", "execute.MarshalString(", "execute.ArgumentMap(", "(ctx, field.Selections, obj.ID)"} {
		if !strings.Contains(all.String(), call) {
			t.Errorf("nothing in the graph says %s", call)
		}
	}
}
