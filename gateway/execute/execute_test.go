package execute_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/execute"
	"tributary/internal/testkit"
)

// operation returns a context such as generated code gets.
func operation(t *testing.T) context.Context {
	t.Helper()
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})
	return graphql.WithResponseContext(ctx,
		func(_ context.Context, err error) *gqlerror.Error { return gqlerror.Wrap(err) },
		func(_ context.Context, v any) error { return fmt.Errorf("recovered %v", v) })
}

func text(m graphql.Marshaler) string {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.String()
}

// together returns a loader of single keys whose calls return only when n of them run
// concurrently.
func together(n int64) *batch.Loader[string, string] {
	var under atomic.Int64
	all := make(chan struct{})
	return batch.NewLoader(batch.PerKey(func(_ context.Context, key string) (string, bool, error) {
		if under.Add(1) == n {
			close(all)
		}
		<-all
		return key, true, nil
	}), batch.Options{Unbatched: true})
}

func TestResolve_LoadsInParallel(t *testing.T) {
	const lists, each = 3, 4
	synctest.Test(t, func(t *testing.T) {
		loader, ctx := together(lists*each), batch.WithScope(operation(t))
		got := text(execute.MarshalSlice(ctx, lists, 0, false, func(ctx context.Context, i int) graphql.Marshaler {
			return execute.MarshalSlice(ctx, each, 0, false, func(ctx context.Context, j int) graphql.Marshaler {
				v, err := loader.Load(ctx, fmt.Sprint(i, j))
				if err != nil {
					t.Error(err)
				}
				return execute.MarshalString(v)
			})
		}))
		want := `[["0 0","0 1","0 2","0 3"],["1 0","1 1","1 2","1 3"],["2 0","2 1","2 2","2 3"]]`
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestResolve_FieldsInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loader, ctx := together(3), batch.WithScope(operation(t))
		set := execute.NewFieldSet(ctx, fields("a", "b", "c"))
		group := execute.NewDeferredGroup(ctx)
		for i, key := range []string{"1", "2", "3"} {
			set.ResolveConcurrently(graphql.GetOperationContext(ctx), &group, i, true, true, func(ctx context.Context) graphql.Marshaler {
				v, _ := loader.Load(ctx, key)
				return execute.MarshalString(v)
			})
		}
		set.Dispatch(ctx)
		if got := text(set); got != `{"a":"1","b":"2","c":"3"}` {
			t.Error(got)
		}
	})
}

func fields(names ...string) []graphql.CollectedField {
	all := make([]graphql.CollectedField, len(names))
	for i, name := range names {
		all[i].Field = &ast.Field{Name: name, Alias: name}
	}
	return all
}

func TestResolve_PrefetchedOnOneGoroutine(t *testing.T) {
	loader := batch.NewLoader(batch.PerKey(func(_ context.Context, key string) (string, bool, error) { return key, true, nil }), batch.Options{Unbatched: true})
	ctx := batch.WithScope(operation(t))
	begun, idle := make(chan struct{}, 100), runtime.NumGoroutine()
	for i := range 100 {
		loader.Start(ctx, fmt.Sprint(i), func(string, error) { begun <- struct{}{} })
	}
	for range 100 {
		<-begun
	}
	testkit.WaitFor(t, "the goroutines of the loads", func() bool { return runtime.NumGoroutine() <= idle })
	before, most := runtime.NumGoroutine(), 0
	execute.MarshalSlice(ctx, 100, 0, false, func(ctx context.Context, i int) graphql.Marshaler {
		v, _ := loader.Load(ctx, fmt.Sprint(i))
		most = max(most, runtime.NumGoroutine()) // a race if elements ran concurrently
		return execute.MarshalString(v)
	})
	if most > before+2 {
		t.Errorf("%d goroutines, %d before", most, before)
	}
}

func TestResolve_PanicInElement(t *testing.T) {
	ctx := operation(t)
	got := text(execute.MarshalSlice(ctx, 3, 0, false, func(_ context.Context, i int) graphql.Marshaler {
		if i == 1 {
			panic("oh")
		}
		return graphql.MarshalInt(i)
	}))
	if errs := graphql.GetErrors(ctx); got != "[0,null,2]" || len(errs) != 1 || !strings.HasSuffix(errs[0].Error(), "[1] recovered oh") {
		t.Errorf("%s, %v", got, errs)
	}
}

func TestResolve_NonNullPropagates(t *testing.T) {
	ctx := operation(t)
	set, group := execute.NewFieldSet(ctx, fields("a", "b")), execute.NewDeferredGroup(ctx)
	for i, nonNull := range []bool{false, true} {
		set.ResolveConcurrently(graphql.GetOperationContext(ctx), &group, i, true, nonNull, func(context.Context) graphql.Marshaler { return graphql.Null })
	}
	set.Dispatch(ctx)
	if set.Invalids != 1 {
		t.Errorf("%d invalid, want the one that must not be null", set.Invalids)
	}
}

func TestWrite_SharedInterfaceField(t *testing.T) {
	both := fields("id", "id", "name")
	both[0].ObjectDefinition, both[1].ObjectDefinition, both[2].ObjectDefinition = &ast.Definition{Name: "Node"}, &ast.Definition{Name: "Named"}, &ast.Definition{Name: "Named"}
	set := execute.NewFieldSet(t.Context(), both)
	for i := range set.Values {
		set.Values[i] = graphql.MarshalInt(i)
	}
	if got := text(set); got != `{"id":0,"name":2}` {
		t.Error(got)
	}
}

func TestWrite_Objects(t *testing.T) {
	shape := execute.Shape[string, string]{In: "in ", Fields: fields("a", "b"), Write: func(in string, w io.Writer, field *graphql.CollectedField, of *string) {
		execute.String(in + field.Name + " of " + *of).MarshalGQL(w)
	}}
	one, other := "one", "other"
	for want, m := range map[string]graphql.Marshaler{
		`{"a":"in a of one","b":"in b of one"}`:                                                  execute.Object[string, string]{Shape: shape, Of: &one},
		`[{"a":"in a of one","b":"in b of one"},null,{"a":"in a of other","b":"in b of other"}]`: execute.Objects[string, string]{Shape: shape, Of: []*string{&one, nil, &other}},
		`[]`: execute.Objects[string, string]{Shape: shape},
	} {
		if got := text(m); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestWrite_KeepsEarlierBytes(t *testing.T) {
	first := execute.Written(t.Context(), execute.String("first"))
	execute.Written(t.Context(), execute.String("other"))
	if got := first.String(); got != `"first"` {
		t.Errorf("%s after another answer was written", got)
	}
}

func TestWrite_NullsInList(t *testing.T) {
	broken, sound := false, true
	whole := func(v *bool) bool { return v != nil && *v }
	for name, tt := range map[string]struct {
		list          []*bool
		nonNull, want bool
	}{
		"nothing is, where something may be":     {[]*bool{&sound}, false, true},
		"something is, and may be":               {[]*bool{&sound, nil}, false, true},
		"something is, and must not be":          {[]*bool{&sound, nil}, true, false},
		"what is there lacks something itself":   {[]*bool{&broken}, false, false},
		"nothing can be in a list that is empty": {nil, true, true},
	} {
		if got := execute.All(tt.list, tt.nonNull, whole); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func FuzzWriteString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "\x00\n\t\x7f", "Ноутбук", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var plain strings.Builder // not a buffer
		execute.MarshalString(s).MarshalGQL(&plain)
		if got, want := text(execute.MarshalString(s)), text(graphql.MarshalString(s)); got != want || plain.String() != want {
			t.Errorf("%q and %q, want %q", got, plain.String(), want)
		}
	})
}
