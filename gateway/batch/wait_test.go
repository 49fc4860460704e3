package batch_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
)

func ignore(string, error) {}

func TestLoader_BatchWindow(t *testing.T) {
	const ms = time.Millisecond
	opts := batch.Options{Gap: 5 * ms, Linger: 12 * ms}
	for name, c := range map[string]struct {
		opts    batch.Options
		arrive  []time.Duration // of one key each, after the one before
		flush   bool            // after the last key
		batches string          // number of keys, and the wait of the first
	}{
		"one key waits for a gap":                       {opts, []time.Duration{0}, false, "1 after 5ms"},
		"keys within gaps go together":                  {opts, []time.Duration{0, 4 * ms}, false, "2 after 9ms"},
		"a longer gap parts them":                       {opts, []time.Duration{0, 6 * ms}, false, "1 after 5ms, 1 after 5ms"},
		"the first key waits no longer than the linger": {opts, []time.Duration{0, 4 * ms, 4 * ms, 3 * ms, 2 * ms}, false, "4 after 12ms, 1 after 5ms"},
		"a flush sends what is there":                   {opts, []time.Duration{0, 2 * ms}, true, "2 after 2ms"},
		"alone, nothing waits":                          {batch.Options{Unbatched: true}, []time.Duration{0, 0}, false, "1 after 0s, 1 after 0s"},
		"by default it is the default gap":              {batch.Options{}, []time.Duration{0}, false, fmt.Sprintf("1 after %v", batch.DefaultGap)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var up recorder
				observed := make(chan string, len(c.arrive))
				c.opts.Observe = func(keys int, waited time.Duration) {
					observed <- fmt.Sprintf("%d after %v", keys, waited)
				}
				l, ctx := up.loader(c.opts), batch.WithScope(t.Context())
				for i, pause := range c.arrive {
					<-time.After(pause)
					l.Start(ctx, fmt.Sprint(i), ignore)
					synctest.Wait()
				}
				if c.flush {
					l.Flush(ctx)
				}
				<-time.After(time.Second)
				synctest.Wait()
				close(observed)
				var got string
				for batch := range observed {
					if got != "" {
						got += ", "
					}
					got += batch
				}
				if got != c.batches {
					t.Errorf("batches: %s; want %s", got, c.batches)
				}
			})
		})
	}
}

func TestLoader_EmptyFlush(t *testing.T) {
	var up recorder
	l := up.loader(batch.Options{})
	l.Flush(context.Background()) // without a scope
	l.Flush(batch.WithScope(t.Context()))
	up.expect(t)
}
