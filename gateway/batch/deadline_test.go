package batch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

// hang is an upstream that does not respond until its context ends.
func hang(ctx context.Context, _ []string) (map[string]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestDeadline_IsTimeout(t *testing.T) {
	late := errors.New("the request's budget is spent")
	of := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Second)
	}
	cases := map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
		"of the caller": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return of(batch.WithScope(ctx))
		},
		"of the caller, with a cause": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(batch.WithScope(ctx), time.Second, late)
		},
		"of the operation": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := of(ctx)
			return batch.WithScope(ctx), cancel
		},
		"outside a scope": of,
	}
	for name, within := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := batch.NewLoader(hang, batch.Options{Service: "drafts"})
				root, stop := context.WithCancel(t.Context())
				defer stop()
				ctx, cancel := within(root)
				defer cancel()
				_, errs := l.LoadAll(ctx, []string{"u1", "u2"})
				for _, err := range errs {
					expectTimeoutOf(t, "drafts", err)
				}
				_, err := l.Load(ctx, "u1")
				expectTimeoutOf(t, "drafts", err)
			})
		})
	}
}

func expectTimeoutOf(t *testing.T, service string, err error) {
	t.Helper()
	if f := fault.From(err); f.Kind != fault.Timeout || f.Service != service {
		t.Errorf("error %v: kind %v of service %q, want a timeout of %s", err, f.Kind, f.Service, service)
	}
}

func TestDeadline_KeepsUpstreamError(t *testing.T) {
	want := fault.New(fault.Unavailable, "poets", context.DeadlineExceeded)
	l := batch.NewLoader(func(context.Context, []string) (map[string]string, error) { return nil, want },
		batch.Options{Service: "drafts"})
	if _, err := l.Load(batch.WithScope(t.Context()), "u1"); !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func TestDeadline_CallerCanceled(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	l := batch.NewLoader(func(ctx context.Context, _ []string) (map[string]string, error) {
		close(asked)
		select {
		case <-answer:
			return map[string]string{"u1": "Ada"}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, batch.Options{Service: "poets", Unbatched: true})
	scope := batch.WithScope(t.Context())

	gone := errors.New("the client has gone")
	first, leave := context.WithCancelCause(scope)
	left := make(chan error, 1)
	go func() {
		_, err := l.Load(first, "u1") // this caller starts the batch
		left <- err
	}()
	<-asked
	got := make(chan string, 1)
	go func() {
		name, err := l.Load(scope, "u1")
		if err != nil {
			t.Error(err)
		}
		got <- name
	}()

	leave(gone)
	if err := <-left; err != gone { //nolint:errorlint // it must be the cause itself, not wrapped in a fault
		t.Errorf("error %v, want the cause of the cancellation", err)
	}
	close(answer)
	if name := <-got; name != "Ada" {
		t.Errorf("the caller who stayed got %q", name)
	}
}
