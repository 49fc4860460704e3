package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tributary/gateway/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

func up(context.Context) error      { return nil }
func down(context.Context) error    { return errDown }
func unasked(context.Context) error { return fmt.Errorf("%w: too many open files", health.ErrUnknown) }
func hung(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func checker(poets, drafts, cache health.Check) *health.Checker {
	return &health.Checker{
		Service: "api-gateway", Version: "v1",
		Services:  map[string]health.Check{"poets": poets, "drafts": drafts},
		CacheType: "redis", Cache: cache,
		Timeout: time.Second, CacheFor: time.Minute,
	}
}

func TestHealth_Aggregates(t *testing.T) {
	for name, tt := range map[string]struct {
		poets, drafts, cache health.Check
		code                 int
		overall, ofDrafts    string
		ofCache              string
	}{
		"all is well":           {up, up, up, 200, "healthy", "healthy", "healthy"},
		"one service is down":   {up, down, up, 200, "degraded", "unhealthy", "healthy"},
		"one service hangs":     {up, hung, up, 200, "degraded", "unhealthy", "healthy"},
		"the cache is down":     {up, up, down, 200, "degraded", "healthy", "unhealthy"},
		"one cannot be asked":   {up, unasked, up, 200, "degraded", "unknown", "healthy"},
		"none can be asked":     {unasked, unasked, up, 200, "degraded", "unknown", "healthy"},
		"one is, one is down":   {down, unasked, up, 200, "degraded", "unknown", "healthy"},
		"no service answers":    {down, hung, up, 503, "unhealthy", "unhealthy", "healthy"},
		"nothing works anymore": {down, down, down, 503, "unhealthy", "unhealthy", "unhealthy"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := httptest.NewRecorder()
				checker(tt.poets, tt.drafts, tt.cache).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", http.NoBody))
				var f health.Report
				if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil {
					t.Fatal(err)
				}
				if w.Code != tt.code || f.Status != tt.overall || f.Services["drafts"].Status != tt.ofDrafts ||
					f.Cache.Status != tt.ofCache {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				if f.Service != "api-gateway" || f.Version != "v1" || f.Cache.Type != "redis" || f.Timestamp.IsZero() {
					t.Errorf("%s", w.Body)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestHealth_Cached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		c := checker(func(ctx context.Context) error {
			asked.Add(1)
			<-time.After(time.Millisecond)
			return ctx.Err()
		}, up, up)
		gone, cancel := context.WithCancel(t.Context())
		cancel() // the report is shared, so the first caller does not cancel it
		for range 10 {
			if got := c.Check(gone).Status; got != health.Healthy {
				t.Error(got)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
		<-time.After(time.Minute)
		c.Check(t.Context())
		if asked.Load() != 2 {
			t.Errorf("asked %d times when the time was over", asked.Load())
		}
	})
}

func TestChecker_EpochEndsHold(t *testing.T) {
	var epoch uint64
	state := errDown
	c := checker(func(context.Context) error { return state }, up, up)
	c.Epoch = func() uint64 { return epoch }
	for _, want := range []string{health.Degraded, health.Healthy, health.Degraded} {
		if got := c.Check(t.Context()).Status; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if state == nil {
			state = errDown
		} else {
			state = nil
		}
		if got := c.Check(t.Context()).Status; got != want {
			t.Errorf("%s in the same epoch, want %s", got, want)
		}
		epoch++
	}
}

func ExampleChecker() {
	c := &health.Checker{
		Service: "api-gateway", Version: "v1",
		Services:  map[string]health.Check{"poets": func(context.Context) error { return nil }},
		CacheType: "memory", Cache: func(context.Context) error { return nil },
		Timeout: time.Second, CacheFor: time.Second,
	}
	f := c.Check(context.Background())
	fmt.Println(f.Status, f.Services["poets"].Status)
	// Output: healthy healthy
}
