package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/fault"
)

// schema is a small executable schema with all that a transport may meet. It
// stands on the same functions of the library as generated code.
type schema struct {
	definition *ast.Schema
	bumps      atomic.Int32 // mutations executed
	sources    atomic.Int32 // subscriptions that have not ended
	loads      atomic.Int32 // of the one key that every event loads
}

func newSchema() *schema {
	return &schema{definition: gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query {
			hello(name: String! = "you"): String
			sum(of: [Int!]!): Int
			me: Query
			many: [Query!]
			panics: String
			"Null, though it must not be."
			empty: String!
			fails(kind: String!): String
			waits: String
			pick(by: Choice!, kind: Kind, id: ID, price: Float, sure: Boolean): String
			shape: Shape
		}
		enum Kind { ODD EVEN }
		input Choice { of: [Int!]!, kind: Kind! = ODD, note: String, next: Choice }
		interface Shape { area: Float }
		type Circle implements Shape { area: Float, radius: Float }
		type Square implements Shape { area: Float, side: Float }
		type Mutation { bump: Int }
		type Subscription {
			"Counts up to a number, and fails at odd ones if asked to."
			ticks(to: Int! = 3, odd: Boolean! = true): Int
			"One event, and then none."
			waits: Int
			"Cannot be begun."
			breaks: Int
			"Panics outside of every field."
			explodes: Int
		}
	`})}
}

func (s *schema) Schema() *ast.Schema { return s.definition }

func (s *schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *schema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, op)
	}
	name := map[ast.Operation]string{ast.Query: "Query", ast.Mutation: "Mutation"}[op.Operation.Operation]
	return func(ctx context.Context) *graphql.Response {
		var b bytes.Buffer
		s.object(ctx, name, op.Operation.SelectionSet).MarshalGQL(&b)
		return &graphql.Response{Data: b.Bytes()}
	}
}

func (s *schema) object(ctx context.Context, typeName string, set ast.SelectionSet) graphql.Marshaler {
	op := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFields(op, set, []string{typeName})
	out := graphql.NewFieldSet(fields)
	for i, f := range fields {
		if f.Name == "__typename" {
			out.Values[i] = graphql.MarshalString(typeName)
			continue
		}
		out.Values[i] = graphql.ResolveField(ctx, op, f,
			func(_ context.Context, f graphql.CollectedField) (*graphql.FieldContext, error) {
				return &graphql.FieldContext{Object: typeName, Field: f, IsResolver: true}, nil
			},
			func(ctx context.Context) (any, error) { return s.resolve(ctx, f) },
			nil,
			func(ctx context.Context, set ast.SelectionSet, v any) graphql.Marshaler {
				switch v := v.(type) {
				case me:
					return s.object(ctx, "Query", set)
				case []me:
					list := graphql.Array{}
					for range v {
						list = append(list, s.object(ctx, "Query", set))
					}
					return list
				case nil:
					return graphql.Null
				}
				return graphql.MarshalString(fmt.Sprint(v))
			}, true, f.Definition.Type.NonNull)
	}
	return out
}

type me struct{}

func (s *schema) resolve(ctx context.Context, f graphql.CollectedField) (any, error) {
	args := f.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	switch f.Name {
	case "hello":
		return fmt.Sprintf("hello %v", args["name"]), nil
	case "sum":
		return fmt.Sprint(args["of"]), nil
	case "me":
		return me{}, nil
	case "many":
		return []me{{}, {}}, nil
	case "panics":
		panic("secret-of-the-panic")
	case "fails":
		return nil, failures[args["kind"].(string)]
	case "waits":
		<-ctx.Done()
		return nil, ctx.Err()
	case "bump":
		return int(s.bumps.Add(1)), nil
	}
	return nil, nil
}

var failures = map[string]error{
	"timeout": fault.New(fault.Timeout, "drafts", errors.New("dial secret-host:8002: too late")),
	"input":   fault.BadUserInputf("an id must not be empty"),
	"unknown": errors.New("secret: cannot read /etc/secret"),
}
