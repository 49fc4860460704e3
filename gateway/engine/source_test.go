package engine_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

// subscribe begins a subscription as generated code does: a goroutine sends
// events until there are no more or ctx ends; each is resolved when it is taken.
func (s *schema) subscribe(ctx context.Context, op *graphql.OperationContext) graphql.ResponseHandler {
	field := op.Operation.SelectionSet[0].(*ast.Field)
	args := field.ArgumentMap(op.Variables)
	switch field.Name {
	case "breaks":
		graphql.AddError(ctx, fault.New(fault.Unavailable, "drafts", nil))
		return nil
	case "explodes":
		return func(context.Context) *graphql.Response { panic("secret-of-the-panic") }
	}
	last := 1
	if field.Name == "ticks" {
		last, _ = strconv.Atoi(fmt.Sprint(args["to"]))
	}
	events := make(chan int)
	s.sources.Add(1)
	go func() {
		defer s.sources.Add(-1)
		defer close(events)
		for n := 1; n <= last; n++ {
			select {
			case events <- n:
			case <-ctx.Done():
				return
			}
		}
		if field.Name == "waits" {
			<-ctx.Done()
		}
	}()
	loader := batch.NewLoader(func(_ context.Context, keys []string) (map[string]int, error) {
		s.loads.Add(1)
		return map[string]int{keys[0]: 1}, nil
	}, batch.Options{Unbatched: true})
	return func(ctx context.Context) *graphql.Response {
		select {
		case n, more := <-events:
			if !more {
				return nil
			}
			for range 2 { // the second time it is known
				if _, err := loader.Load(ctx, "key"); err != nil {
					return &graphql.Response{Errors: gqlerror.List{gqlerror.Wrap(err)}}
				}
			}
			if args["odd"] == false && n%2 == 1 {
				return &graphql.Response{Data: []byte(`{"ticks":null}`), Errors: gqlerror.List{{Message: "odd"}}}
			}
			return &graphql.Response{Data: fmt.Appendf(nil, `{"%s":%d}`, field.Alias, n)}
		case <-ctx.Done():
			return nil
		}
	}
}
