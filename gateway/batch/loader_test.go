package batch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

func TestLoader_OncePerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up recorder
		l := up.loader(batch.Options{})
		ctx := batch.WithScope(t.Context())
		values, errs := l.LoadAll(ctx, []string{"a", "b", "a"})
		if !slices.Equal(values, []string{"<a>", "<b>", "<a>"}) || errors.Join(errs...) != nil {
			t.Errorf("values %v, errors %v", values, errs)
		}
		if v, err := l.Load(ctx, "b"); v != "<b>" || err != nil {
			t.Errorf("b is %q, error %v", v, err)
		}
		up.expect(t, []string{"a", "b"})
	})
}

func TestLoader_ScopesAreSeparate(t *testing.T) {
	var up recorder
	l := up.loader(batch.Options{Unbatched: true})
	for range 2 {
		if v, err := l.Load(batch.WithScope(t.Context()), "a"); v != "<a>" || err != nil {
			t.Errorf("a is %q, error %v", v, err)
		}
	}
	up.expect(t, []string{"a"}, []string{"a"})
}

func TestLoader_WithoutScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up recorder
		l := up.loader(batch.Options{Linger: time.Hour, Gap: time.Hour})
		start := time.Now()
		values, errs := l.LoadAll(t.Context(), []string{"a", "b"})
		if !slices.Equal(values, []string{"<a>", "<b>"}) || errors.Join(errs...) != nil {
			t.Errorf("values %v, errors %v", values, errs)
		}
		if v, err := l.Load(t.Context(), "a"); v != "<a>" || err != nil {
			t.Errorf("a is %q, error %v", v, err)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v for others", waited)
		}
		up.expect(t, []string{"a", "b"}, []string{"a"})
	})
}

func TestLoader_UnknownKey(t *testing.T) {
	l := batch.NewLoader(func(context.Context, []string) (map[string]*int, error) { return nil, nil },
		batch.Options{Unbatched: true})
	for name, ctx := range map[string]context.Context{"in a scope": batch.WithScope(t.Context()), "outside": t.Context()} {
		if v, err := l.Load(ctx, "a"); v != nil || err != nil {
			t.Errorf("%s: value %v, error %v", name, v, err)
		}
	}
}

func TestLoader_OneKeyFails(t *testing.T) {
	broken := errors.New("broken")
	l := batch.NewLoader(func(context.Context, []string) (map[string]int, error) {
		return map[string]int{"a": 1}, batch.KeyErrors[string]{"b": broken}
	}, batch.Options{})
	values, errs := l.LoadAll(batch.WithScope(t.Context()), []string{"a", "b", "c"})
	if !slices.Equal(values, []int{1, 0, 0}) {
		t.Errorf("values %v", values)
	}
	if !slices.Equal(errs, []error{nil, broken, nil}) {
		t.Errorf("errors %v", errs)
	}
}

func TestLoader_Panic(t *testing.T) {
	l := batch.NewLoader(func(_ context.Context, keys []string) (map[string]int, error) {
		if keys[0] == "bad" {
			panic("a secret")
		}
		return map[string]int{keys[0]: 1}, nil
	}, batch.Options{Unbatched: true})
	values, errs := l.LoadAll(batch.WithScope(t.Context()), []string{"bad", "good"})
	if values[1] != 1 || errs[1] != nil {
		t.Errorf("good is %d, error %v", values[1], errs[1])
	}
	if f := fault.From(errs[0]); errs[0] == nil || f.Kind != fault.Internal || f.ClientMessage() != "internal error" {
		t.Errorf("bad has error %v", errs[0])
	}
}

func TestLoader_PrefetchThen(t *testing.T) {
	var up recorder
	l := up.loader(batch.Options{Unbatched: true})
	ctx := batch.WithScope(t.Context())
	told := make(chan string, 4)
	tell := func(v string, err error) {
		if err != nil {
			t.Error(err)
		}
		told <- v
	}
	l.Start(ctx, "a", tell)
	if v := <-told; v != "<a>" {
		t.Errorf("told %q", v)
	}
	l.Start(ctx, "a", tell)
	if len(told) != 1 {
		t.Errorf("told %d times on return, want once", len(told))
	}
	up.expect(t, []string{"a"})
}
