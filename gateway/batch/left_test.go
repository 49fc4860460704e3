package batch_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

// ranByTest tells whether it is called on the goroutine of a test.
func ranByTest() bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for frame, more := frames.Next(); more; frame, more = frames.Next() {
		if frame.Function == "testing.tRunner" {
			return true
		}
	}
	return false
}

func TestTheFirstWhoWaitsRunsTheLoadThatWasBegunFirst(t *testing.T) {
	type loader = batch.Loader[string, string]
	narrower := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		t.Cleanup(cancel)
		return ctx
	}
	for name, c := range map[string]struct {
		do   func(ctx context.Context, l *loader)
		want string // the keys that are loaded; a star marks those on the caller's goroutine
	}{
		"who asks for it":                        {func(ctx context.Context, l *loader) { _, _ = l.Load(ctx, "a") }, "a*"},
		"who comes for what was begun":           {func(ctx context.Context, l *loader) { l.Begin(ctx, "a"); _, _ = l.Load(ctx, "a") }, "a*"},
		"who asks for many, and the rest beside": {func(ctx context.Context, l *loader) { _, _ = l.LoadAll(ctx, []string{"a", "b"}) }, "a* b"},
		"not who may leave before it ends":       {func(ctx context.Context, l *loader) { _, _ = l.Load(narrower(ctx), "a") }, "a"},
		"not who waits for another":              {func(ctx context.Context, l *loader) { l.Begin(ctx, "a"); _, _ = l.Load(ctx, "b") }, "a b"},
		"not who is not the first to wait":       {func(ctx context.Context, l *loader) { _, _ = l.Load(narrower(ctx), "a"); _, _ = l.Load(ctx, "b") }, "a b"},
		"not who comes for what is followed":     {func(ctx context.Context, l *loader) { l.Start(ctx, "a", ignore); _, _ = l.Load(ctx, "a") }, "a"},
		"nobody, once somebody has waited": {func(ctx context.Context, l *loader) {
			l.Start(ctx, "a", ignore)
			_, _ = l.Load(ctx, "a")
			l.Begin(ctx, "b")
		}, "a b"},
		"nobody, if it is to be followed": {func(ctx context.Context, l *loader) { l.Begin(ctx, "a"); l.Start(ctx, "a", ignore) }, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ran := make(chan string, 2)
				l := batch.NewLoader(func(_ context.Context, keys []string) (map[string]string, error) {
					if ranByTest() {
						ran <- keys[0] + "*"
					} else {
						ran <- keys[0]
					}
					<-time.After(time.Second)
					return nil, nil
				}, batch.Options{Alone: true})
				c.do(batch.WithScope(t.Context()), l)
				<-time.After(time.Minute)
				close(ran)
				if got := strings.Join(slices.Sorted(seq(ran)), " "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

func seq[V any](c <-chan V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v := range c {
			if !yield(v) {
				return
			}
		}
	}
}

func TestACallerWhoRunsALoadLeavesWhenItsOperationEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := batch.NewLoader(hang, batch.Options{Service: "orders", Alone: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := l.Load(batch.WithScope(ctx), "u1")
		expectTimeoutOf(t, "orders", err)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it left after %v", took)
		}
	})
}

func TestAPanicOfALoadThatItsCallerRunsIsAnError(t *testing.T) {
	l := batch.NewLoader(func(context.Context, []string) (map[string]string, error) { panic("oh") }, batch.Options{Alone: true})
	_, err := l.Load(batch.WithScope(t.Context()), "a")
	if _, ok := errors.AsType[*fault.Panic](err); !ok {
		t.Errorf("got %v", err)
	}
}
