package execute_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/execute"
)

// budget is a semaphore that records what is taken from it.
type budget struct{ size, held, most atomic.Int64 }

func newBudget(size int64) *budget {
	b := &budget{}
	b.size.Store(size)
	return b
}

func (b *budget) TryAcquire(n int64) bool {
	held := b.held.Add(n)
	if held > b.size.Load() {
		b.held.Add(-n)
		return false
	}
	b.most.Store(max(b.most.Load(), held))
	return true
}

func (b *budget) Release(n int64) { b.held.Add(-n) }

// metered returns the meter of an operation, and cancel, which ends the request.
func metered(t *testing.T, limits execute.Limits, b *budget) (m *execute.Meter, cancel func()) {
	t.Helper()
	until, cancel := context.WithCancel(t.Context())
	m = execute.NewMeter(operation(t), until, limits, execute.NewMemory(b, 0))
	t.Cleanup(m.Release)
	return m, cancel
}

// A tree is an answer of nested lists of objects, as generated code resolves it.
type tree struct {
	lists    []int  // their lengths, from the outside in
	fields   int    // plain ones of each object
	value    string // of a plain field
	resolved atomic.Int64
}

func (tr *tree) resolve(ctx context.Context) graphql.Marshaler { return tr.list(ctx, tr.lists) }

func (tr *tree) list(ctx context.Context, lists []int) graphql.Marshaler {
	names := make([]string, tr.fields, tr.fields+1)
	for i := range names {
		names[i] = fmt.Sprint("f", i)
	}
	if len(lists) > 1 {
		names = append(names, "list")
	}
	selected := fields(names...)
	field := graphql.CollectedField{Field: &ast.Field{Name: "list", Alias: "list"}, Selections: make(ast.SelectionSet, 1)}
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: field})
	return execute.MarshalSlice(ctx, lists[0], 0, false, func(ctx context.Context, _ int) graphql.Marshaler {
		tr.resolved.Add(1)
		set, group := execute.NewFieldSet(ctx, selected), execute.NewDeferredGroup(ctx)
		for i := range tr.fields {
			set.Values[i] = execute.MarshalString(tr.value)
		}
		if len(lists) > 1 {
			set.ResolveConcurrently(graphql.GetOperationContext(ctx), &group, tr.fields, true, false,
				func(ctx context.Context) graphql.Marshaler { return tr.list(ctx, lists[1:]) })
		}
		set.Dispatch(ctx)
		return set
	})
}

var trees = map[string]*tree{
	"wide":                {lists: []int{3}, fields: 1500, value: "v"},
	"long":                {lists: []int{9000}, fields: 2, value: "value"},
	"lists in lists":      {lists: []int{20, 20, 20}, fields: 2, value: "value"},
	"deep":                {lists: []int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, fields: 1, value: "v"},
	"long values":         {lists: []int{50, 50}, fields: 1, value: strings.Repeat("long", 100)},
	"objects of no field": {lists: []int{5000}, fields: 0},
}

func TestMeter_AnswerIsThatWithoutOne(t *testing.T) {
	for name, tr := range trees {
		t.Run(name, func(t *testing.T) {
			ctx := operation(t)
			want := execute.Written(ctx, tr.resolve(ctx)).String()
			m, _ := metered(t, execute.Limits{}, newBudget(math.MaxInt64))
			if got := execute.Written(m, tr.resolve(m)).String(); got != want || m.Stopped() != nil {
				t.Errorf("%d bytes, want %d; stopped: %v", len(got), len(want), m.Stopped())
			}
			if document := string(m.Document()); document != execute.Opening+want {
				t.Errorf("the document has %d bytes, want the opening and %d", len(document), len(want))
			}
		})
	}
}

// What an answer takes is held until it was sent, is never many times its size, and is
// given back.
func TestMeter_HoldsWhatTheAnswerTakes(t *testing.T) {
	for name, tr := range trees {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(math.MaxInt64)
				m, sent := metered(t, execute.Limits{}, b)
				size := int64(execute.Written(m, tr.resolve(m)).Len())
				m.Release()
				synctest.Wait()
				const small = 64 << 10
				if held := b.held.Load(); held < size-small {
					t.Errorf("%d bytes are held for an answer of %d that was not sent", held, size)
				}
				objects := int64(math.Pow(2, 11)) // of 64 bytes each beside their text
				for n, i := int64(1), 0; i < len(tr.lists); i++ {
					n *= int64(tr.lists[i])
					objects = max(objects, n)
				}
				if most := b.most.Load(); most > 3*size+2*small+64*objects {
					t.Errorf("%d bytes were held for an answer of %d", most, size)
				}
				sent()
				synctest.Wait()
				if held := b.held.Load(); held != 0 {
					t.Errorf("%d bytes are held for an answer that was sent", held)
				}
			})
		})
	}
}

// Objects of a long list take little more memory than their text once they are complete.
func TestMeter_ObjectsOfALongListAreText(t *testing.T) {
	tr := &tree{lists: []int{20_000, 1}, fields: 6, value: "v"}
	m, _ := metered(t, execute.Limits{}, newBudget(math.MaxInt64))
	alive := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := alive()
	list := tr.resolve(m)
	took := alive() - before
	size := int64(execute.Written(m, list).Len())
	if took > 3*size {
		t.Errorf("an answer of %d bytes takes %d before it is written", size, took)
	}
	t.Logf("%d bytes for an answer of %d", took, size)
}

func TestMeter_StopsAtALimit(t *testing.T) {
	sizes := map[string]int{}
	for name, tr := range trees {
		ctx := operation(t)
		sizes[name] = execute.Written(ctx, tr.resolve(ctx)).Len()
	}
	for name, tr := range trees {
		for limit, tt := range map[string]struct {
			limits execute.Limits
			budget int64
			want   error
		}{
			"bytes, all but one": {execute.Limits{Bytes: sizes[name] - 1}, math.MaxInt64, execute.ErrBytes},
			"bytes, few":         {execute.Limits{Bytes: 1000}, math.MaxInt64, execute.ErrBytes},
			"bytes, as many":     {execute.Limits{Bytes: sizes[name]}, math.MaxInt64, nil},
			"fields":             {execute.Limits{Fields: 1000}, math.MaxInt64, execute.ErrFields},
			"memory":             {execute.Limits{}, 0, execute.ErrMemory},
		} {
			if tr.fields == 0 && limit == "fields" || sizes[name] < 100<<10 && limit == "memory" {
				continue // it has none, or takes none
			}
			t.Run(name+"/"+limit, func(t *testing.T) {
				m, _ := metered(t, tt.limits, newBudget(tt.budget))
				written := execute.Written(m, tr.resolve(m)).Len()
				if !errors.Is(m.Stopped(), tt.want) || (written > 0) != (tt.want == nil) || (m.Err() == nil) != (tt.want == nil) {
					t.Errorf("%d bytes, stopped by %v, context %v; want it stopped by %v", written, m.Stopped(), m.Err(), tt.want)
				}
			})
		}
	}
}

func TestMeter_ResolvesNoMoreThanTheFields(t *testing.T) {
	tr := &tree{lists: []int{100, 100, 100}, fields: 1, value: "v"}
	m, _ := metered(t, execute.Limits{Fields: 10_000}, newBudget(math.MaxInt64))
	execute.Written(m, tr.resolve(m))
	if n := tr.resolved.Load(); n > 10_001 {
		t.Errorf("%d objects were resolved, each of a field or more, where 10000 fields are allowed", n)
	}
	scalars, resolved := 20_000, 0
	m, _ = metered(t, execute.Limits{Fields: 10_000}, newBudget(math.MaxInt64))
	execute.MarshalSlice(m, scalars, 0, false, func(context.Context, int) graphql.Marshaler {
		resolved++
		return execute.Int(1)
	})
	if resolved > 0 || !errors.Is(m.Stopped(), execute.ErrFields) {
		t.Errorf("%d of %d scalars were resolved, stopped by %v", resolved, scalars, m.Stopped())
	}
}

// counted is a value that counts how often it is written.
type counted struct {
	text  string
	times *atomic.Int64
}

func (c counted) MarshalGQL(w io.Writer) {
	c.times.Add(1)
	_, _ = io.WriteString(w, c.text)
}

func TestMeter_WritesNoMoreThanTheBytes(t *testing.T) {
	var written atomic.Int64
	list := make(graphql.Array, 20_000)
	for i := range list {
		list[i] = counted{strings.Repeat("1", 1000), &written}
	}
	b := newBudget(math.MaxInt64)
	m, _ := metered(t, execute.Limits{Bytes: 1_000_000}, b)
	execute.Written(m, list)
	if n := written.Load(); n > 1_001 || b.most.Load() > 2_000_000 {
		t.Errorf("%d values of 1 kB were written and %d bytes held, where 1 MB is allowed", n, b.most.Load())
	}
}

// An operation whose time is over completes an answer of some size, in which fields may be
// null for that reason, and goes on no further. One whose client has disconnected stops.
func TestMeter_EndsSoonAfterItsTime(t *testing.T) {
	const length = 20_000 // of the list
	ends := map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		most int64 // kilobytes written, or hundreds of fields resolved
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Now())
		}, 40 * 64},
		"canceled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, 2 * 64},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := tt.end(operation(t))
			defer cancel()
			m := execute.NewMeter(ctx, t.Context(), execute.Limits{}, execute.NewMemory(newBudget(math.MaxInt64), 0))
			defer m.Release()
			var written atomic.Int64
			list := make(graphql.Array, length)
			for i := range list {
				list[i] = counted{strings.Repeat("1", 1000), &written}
			}
			execute.Written(m, list)
			if n := written.Load(); n > tt.most || !errors.Is(m.Stopped(), execute.ErrOvertime) {
				t.Errorf("%d values of 1 kB were written, want at most %d; stopped by %v", n, tt.most, m.Stopped())
			}

			m = execute.NewMeter(ctx, t.Context(), execute.Limits{}, execute.NewMemory(newBudget(math.MaxInt64), 0))
			defer m.Release()
			tr := &tree{lists: []int{100, 100, 100}, fields: 1, value: "v"}
			tr.resolve(m)
			if n := tr.resolved.Load(); n > 4*tt.most || !errors.Is(m.Stopped(), execute.ErrOvertime) {
				t.Errorf("%d objects were resolved, want at most %d; stopped by %v", n, 4*tt.most, m.Stopped())
			}
		})
	}
	ctx, cancel := context.WithDeadline(operation(t), time.Now())
	defer cancel()
	m := execute.NewMeter(ctx, t.Context(), execute.Limits{}, execute.NewMemory(newBudget(math.MaxInt64), 0))
	defer m.Release()
	tr := &tree{lists: []int{50, 10}, fields: 3, value: "v"}
	if got := execute.Written(m, tr.resolve(m)).Len(); got == 0 || m.Stopped() != nil {
		t.Errorf("an answer of 2000 fields is not completed: %v", m.Stopped())
	}
}

func TestMeter_KeepsOneHundredErrors(t *testing.T) {
	m, _ := metered(t, execute.Limits{Errors: 100}, newBudget(0))
	kept := 0
	for range 1000 {
		if m.AddError() {
			kept++
		}
	}
	if kept != 100 || m.ErrorsOmitted() != 900 {
		t.Errorf("%d were kept and %d omitted of 1000", kept, m.ErrorsOmitted())
	}
}

// A panic of a marshaler is not taken for a limit.
func TestMeter_LetsAPanicPass(t *testing.T) {
	m, _ := metered(t, execute.Limits{Bytes: 1000}, newBudget(0))
	defer func() {
		if v := recover(); v != "oh" || m.Stopped() != nil {
			t.Errorf("recovered %v, stopped by %v", v, m.Stopped())
		}
	}()
	execute.Written(m, graphql.WriterFunc(func(io.Writer) { panic("oh") }))
}
