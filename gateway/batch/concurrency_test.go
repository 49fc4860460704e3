package batch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

// crowd is an upstream whose calls take a second. It counts concurrent calls.
type crowd struct {
	mu               sync.Mutex
	calls, now, most int
}

func (c *crowd) enter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.calls += max(0, n)
	c.most = max(c.most, c.now)
}

func (c *crowd) get(ctx context.Context, key string) (string, bool, error) {
	c.enter(1)
	defer c.enter(-1)
	select {
	case <-time.After(time.Second):
		return "<" + key + ">", true, nil
	case <-ctx.Done():
		return "", false, context.Cause(ctx)
	}
}

func (c *crowd) loader(turns int) *batch.Loader[string, string] {
	return batch.NewLoader(batch.LimitConcurrency(turns, batch.PerKey(c.get)), batch.Options{Service: "poets", Unbatched: true})
}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("key", i)
	}
	return all
}

func TestConcurrency_PerOperation(t *testing.T) {
	for _, tt := range []struct {
		turns, keys, most int
		takes             time.Duration
	}{
		{4, 10, 4, 3 * time.Second},
		{4, 3, 3, time.Second},
		{0, 10, 10, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var up crowd
			start := time.Now()
			values, errs := up.loader(tt.turns).LoadAll(batch.WithScope(t.Context()), keys(tt.keys))
			if err := errors.Join(errs...); err != nil || values[tt.keys-1] != fmt.Sprintf("<key%d>", tt.keys-1) {
				t.Errorf("%+v: %v %v", tt, values, err)
			}
			if took := time.Since(start); took != tt.takes || up.most != tt.most || up.calls != tt.keys {
				t.Errorf("%+v: took %v, %d calls at once, %d in all", tt, took, up.most, up.calls)
			}
		})
	}
}

func TestConcurrency_OperationsAreSeparate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up crowd
		l := up.loader(2)
		ended := make(chan struct{})
		go func() { l.LoadAll(batch.WithScope(t.Context()), keys(20)); close(ended) }()
		synctest.Wait()
		start := time.Now()
		if v, err := l.Load(batch.WithScope(t.Context()), "mine"); v != "<mine>" || err != nil || time.Since(start) != time.Second {
			t.Errorf("%s, %v after %v", v, err, time.Since(start))
		}
		<-ended
	})
}

func TestConcurrency_DeadlineWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up crowd
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		_, errs := up.loader(2).LoadAll(batch.WithScope(ctx), keys(6))
		late := 0
		for _, err := range errs {
			if f := fault.From(err); err != nil && f.Kind == fault.Timeout && f.Service == "poets" {
				late++
			}
		}
		synctest.Wait()
		if late != 4 || up.calls != 4 {
			t.Errorf("%d came late, %d calls: %v", late, up.calls, errs)
		}
	})
}
