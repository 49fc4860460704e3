package execute_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/batch"
	"tributary/gateway/execute"
)

// Objects of long lists are written ahead. What they defer is part of the answer only if
// they are.
func TestDeferral_BelowALongList(t *testing.T) {
	const most = listLength - 100 // parts; what would be more is not deferred
	for name, c := range map[string]struct {
		document, null string // null: the first part, if nothing is deferred for that reason
	}{
		"that is there":                    {`{ aList { a ... @defer { b } } }`, ""},
		"below another object":             {`{ aList { o { a ... @defer { b } } } }`, ""},
		"in an object that is null":        {`{ o { aList { a ... @defer { b } } nullRequired } }`, `{"o":null}`},
		"in a list whose objects are null": {`{ oneList { aList { a ... @defer { b } } nullRequired } }`, `{"oneList":[null]}`},
	} {
		t.Run(name, func(t *testing.T) {
			// The look-ahead has not started these loads, so several goroutines resolve the elements.
			loader := batch.NewLoader(batch.PerKey(func(_ context.Context, key string) (string, bool, error) { return key, true, nil }), batch.Options{Unbatched: true})
			d := newDeferring(t, c.document, func(ctx context.Context, name string) graphql.Marshaler {
				if name == "nullRequired" {
					return graphql.Null
				}
				if _, err := loader.Load(ctx, graphql.GetPath(ctx).String()); err != nil {
					t.Error(err)
				}
				return execute.String(name)
			})
			m := execute.NewMeter(batch.WithScope(t.Context()), nil, execute.Limits{}, execute.NewMemory(newBudget(math.MaxInt64), 0))
			defer m.Release()
			first, rest := d.start(m, most)
			if c.null != "" {
				if first != c.null || rest.Pending() {
					t.Errorf("first %.100s, want %s; there are parts: %v, want none", first, c.null, rest.Pending())
				}
				return
			}
			if as, bs := strings.Count(first, `"a":"a"`), strings.Count(first, `"b":"b"`); as != listLength || bs != listLength-most {
				t.Errorf("the first part has a %d times and b %d times, of %d objects and %d parts", as, bs, listLength, most)
			}
			var paths []string
			for ready := range rest.Parts {
				for _, part := range ready {
					paths = append(paths, part.Path.String())
				}
			}
			slices.Sort(paths)
			if n := len(slices.Compact(paths)); n != most {
				t.Errorf("%d parts, want %d", n, most)
			}
		})
	}
}

// The label and the path of a part are as long as the client likes, and count.
func TestDeferral_LabelsAndPathsCount(t *testing.T) {
	long := strings.Repeat("l", 1000)
	for name, document := range map[string]string{
		"label":             `{ aList { ... @defer(label: "` + long + `") { b } } }`,
		"label by variable": `query($l: String) { aList { ... @defer(label: $l) { b } } }`,
		"path":              `{ ` + long + `: aList { ... @defer { b } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeferring(t, document, func(_ context.Context, name string) graphql.Marshaler { return execute.String(name) })
			d.oc.Variables = map[string]any{"l": long}
			m := execute.NewMeter(t.Context(), nil, execute.Limits{Bytes: 200_000}, execute.NewMemory(newBudget(math.MaxInt64), 0))
			defer m.Release()
			_, rest := d.start(m, listLength)
			n := 0
			for ready := range rest.Parts {
				if m.IsStopped() {
					break
				}
				n += len(ready)
			}
			if n > 200 || !errors.Is(m.Stopped(), execute.ErrBytes) {
				t.Errorf("%d parts of more than 1000 bytes, where 200000 bytes are allowed; stopped by %v", n, m.Stopped())
			}
		})
	}
}
