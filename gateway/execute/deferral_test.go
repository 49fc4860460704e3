package execute_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"tributary/gateway/execute"
)

// resolver resolves the field of a name.
type resolver func(ctx context.Context, name string) graphql.Marshaler

// deferring executes documents without a schema: every field is resolved by the same
// function, and may be deferred.
type deferring struct {
	t       *testing.T
	oc      *graphql.OperationContext
	defers  *execute.Defers
	resolve resolver
}

func newDeferring(t *testing.T, document string, resolve resolver) *deferring {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		t.Fatal(err)
	}
	return &deferring{t, &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}, execute.NumberDefers(doc), resolve}
}

// start executes the document up to the first part.
func (d *deferring) start(ctx context.Context, parts int) (first string, rest *execute.Deferral) {
	d.t.Helper()
	ctx = graphql.WithOperationContext(ctx, d.oc)
	ctx = graphql.WithResponseContext(ctx,
		func(_ context.Context, err error) *gqlerror.Error { return gqlerror.Wrap(err) },
		func(_ context.Context, v any) error { return fmt.Errorf("recovered %v", v) })
	ctx, rest = execute.NewDeferral(ctx, d.defers, parts)
	return text(d.object(ctx, d.oc.Operation.SelectionSet)), rest
}

func (d *deferring) object(ctx context.Context, sel ast.SelectionSet) graphql.Marshaler {
	fields := graphql.CollectFields(d.oc, sel, nil)
	set, group := execute.NewFieldSet(ctx, fields), execute.NewDeferredGroup(ctx)
	for i, field := range fields {
		set.ResolveConcurrently(d.oc, &group, i, true, strings.HasSuffix(field.Name, "Required"), func(ctx context.Context) graphql.Marshaler {
			ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: field})
			if len(field.Selections) == 0 {
				return d.resolve(ctx, field.Name)
			}
			if !strings.HasSuffix(field.Name, "List") {
				return d.object(ctx, field.Selections)
			}
			length := listLength
			if field.Name == "oneList" {
				length = 1
			}
			return execute.MarshalSlice(ctx, length, 0, false, func(ctx context.Context, _ int) graphql.Marshaler {
				return d.object(ctx, field.Selections)
			})
		})
	}
	set.Dispatch(ctx)
	if set.Invalids > 0 {
		return graphql.Null
	}
	return set
}

const listLength = 3000

// shown gives parts as path, label, data and errors, sorted.
func shown(parts []execute.Part) (all []string) {
	for _, p := range parts {
		s := fmt.Sprintf("%s %s %s", p.Path, p.Label, p.Data)
		for _, err := range p.Errors {
			s += " " + err.Message
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func TestDeferral_Parts(t *testing.T) {
	for name, c := range map[string]struct {
		document, first string
		rest            []string
	}{
		"nothing":             {`{ a }`, `{"a":"a"}`, nil},
		"fields":              {`{ a ... @defer(label: "x") { b c } }`, `{"a":"a"}`, []string{` x {"b":"b","c":"c"}`}},
		"below one another":   {`{ o { ... @defer(label: "x") { p { a ... @defer { b } } } } }`, `{"o":{}}`, []string{`o x {"p":{"a":"a"}}`, `o.p  {"b":"b"}`}},
		"overlapping":         {`{ ... @defer(label: "x") { a b } ... @defer(label: "y") { b c } }`, `{}`, nil},
		"a label by variable": {`query($l: String) { ... @defer(label: $l) { a } }`, `{}`, []string{` given {"a":"a"}`}},
		"one that panics":     {`{ ... @defer { panics a } }`, `{}`, []string{`  {"panics":null,"a":"a"} input: recovered oh`}},
		"one that cannot be written": {`{ ... @defer { unwritable } ... @defer { a } }`, `{}`,
			[]string{`  null input: recovered oh`, `  {"a":"a"}`}},
		"one that must not be null": {`{ ... @defer(label: "x") { nullRequired a } ... @defer(label: "y") { a } }`, `{}`,
			[]string{` x null`, ` y {"a":"a"}`}},
		"below what has become null": {`{ o { nullRequired p { ... @defer { a } } } }`, `{"o":null}`, nil},
		"below a deferred null":      {`{ ... @defer { o { nullRequired p { ... @defer { a } } } } }`, `{}`, []string{`  {"o":null}`}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeferring(t, c.document, func(_ context.Context, name string) graphql.Marshaler {
				switch name {
				case "panics":
					panic("oh")
				case "unwritable":
					return graphql.WriterFunc(func(io.Writer) { panic("oh") })
				case "nullRequired":
					return graphql.Null
				}
				return execute.String(name)
			})
			d.oc.Variables = map[string]any{"l": "given"}
			first, rest := d.start(t.Context(), 100)
			if first != c.first {
				t.Errorf("first %s, want %s", first, c.first)
			}
			if name == "overlapping" { // the part that is complete first has both
				expectOverlap(t, rest)
				return
			}
			var parts []execute.Part
			more := rest.Pending()
			for ready, after := range rest.Parts {
				if !more {
					t.Error("parts after the last")
				}
				parts, more = append(parts, ready...), after
			}
			if got := shown(parts); !slices.Equal(got, c.rest) || more {
				t.Errorf("%q, want %q, more: %v", got, c.rest, more)
			}
		})
	}
}

// expectOverlap sees that a field of two groups comes with one of them.
func expectOverlap(t *testing.T, rest *execute.Deferral) {
	t.Helper()
	var all []execute.Part
	for ready := range rest.Parts {
		all = append(all, ready...)
	}
	got := shown(all)
	if !slices.Equal(got, []string{` x {"a":"a","b":"b"}`, ` y {"c":"c"}`}) && !slices.Equal(got, []string{` x {"a":"a"}`, ` y {"b":"b","c":"c"}`}) {
		t.Errorf("%q", got)
	}
}

// A bounded number of fields is resolved at the same time, and what exceeds the number of
// parts comes with the object that it belongs to.
func TestDeferral_IsBounded(t *testing.T) {
	const most = 1000
	for name, document := range map[string]string{
		"objects":               `{ aList { ... @defer { b } } }`,
		"fragments of objects":  `{ aList { ... @defer { b } ... @defer { c } } }`,
		"lists in a part":       `{ ... @defer { aList { ... @defer { b } } } }`,
		"lists that are nested": `{ o { ... @defer { aList { ... @defer { p { ... @defer { b } } } } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var begun, running, peak atomic.Int64
				d := newDeferring(t, document, func(_ context.Context, name string) graphql.Marshaler {
					if begun.Load() == 0 {
						return execute.String(name) // not deferred
					}
					peak.Store(max(peak.Load(), running.Add(1)))
					<-release
					running.Add(-1)
					return execute.String(name)
				})
				_, rest := d.start(t.Context(), most)
				begun.Store(1)
				time.AfterFunc(time.Second, func() { close(release) })
				n := 0
				for ready := range rest.Parts {
					n += len(ready)
				}
				if n > most || n < most/2 || peak.Load() > 200 || running.Load() != 0 {
					t.Errorf("%d parts, %d at once, %d left", n, peak.Load(), running.Load())
				}
			})
		})
	}
}

// When the time of an operation is over, so are its parts.
func TestDeferral_EndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		d := newDeferring(t, `{ aList { ... @defer { b } } }`, func(ctx context.Context, _ string) graphql.Marshaler {
			<-ctx.Done()
			graphql.AddError(ctx, ctx.Err())
			return graphql.Null
		})
		start := time.Now()
		_, rest := d.start(ctx, 1000)
		n := 0
		for ready := range rest.Parts {
			for _, p := range ready {
				if string(p.Data) != `{"b":null}` || len(p.Errors) != 1 || !errors.Is(p.Errors[0], context.DeadlineExceeded) {
					t.Errorf("%s %v", p.Data, p.Errors)
				}
				n++
			}
		}
		if took := time.Since(start); took != 5*time.Second || n != 1000 {
			t.Errorf("%d parts in %v", n, took)
		}
	})
}

// A client that takes no more ends everything, and one that is slow holds up what is not
// begun yet.
func TestDeferral_FollowsItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var resolved, canceled atomic.Int64
		d := newDeferring(t, `{ a { ... @defer { b } } aList { ... @defer { c } } }`, func(ctx context.Context, name string) graphql.Marshaler {
			if name == "c" && resolved.Add(1) > 300 {
				<-ctx.Done()
				canceled.Add(1)
			}
			return execute.String(name)
		})
		_, rest := d.start(t.Context(), 3000)
		n := 0
		for ready := range rest.Parts {
			n += len(ready)
			time.Sleep(time.Hour) // a slow client
			if at := resolved.Load(); at > int64(n)+400 {
				t.Errorf("%d fields are resolved when %d parts have been sent", at, n)
			}
			if n > 200 {
				break
			}
		}
		if resolved.Load() == 3000 || canceled.Load() > 200 {
			t.Errorf("%d resolved, %d canceled", resolved.Load(), canceled.Load())
		}
	})
}
