package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/cache"
	"tributary/gateway/report"
)

type user struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func Example() {
	// A client method: it loads many users at once, and counts here how often it is asked.
	calls, down := 0, false
	byID := func(_ context.Context, ids []string) (map[string]user, error) {
		calls++
		if down {
			return nil, errors.New("connection refused")
		}
		found := map[string]user{}
		for _, id := range ids {
			found[id] = user{ID: id, Name: "Ann"}
		}
		return found, nil
	}

	// One cache for the whole gateway; with RedisURL, one that gateways share.
	c, err := cache.New(cache.Config{TTL: 20 * time.Millisecond, StaleIfError: time.Hour, MemoryMB: 16},
		slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	users := cache.Through(c, cache.Kind{Name: "user", Service: "users"}, byID)

	// It is loaded in the same way, and asks only for what is not fresh.
	ctx, r := report.With(context.Background())
	for range 3 {
		_, _ = users(ctx, []string{"u1"})
	}
	fmt.Println("calls:", calls)

	// An answer whose time is over stands in while the upstream fails, and is marked.
	down = true
	for len(r.Summary().Degraded) == 0 {
		found, err := users(ctx, []string{"u1"})
		if len(r.Summary().Degraded) > 0 {
			fmt.Println(found["u1"].Name, err, r.Summary().Degraded[0].Reason)
		}
	}
	// Output:
	// calls: 1
	// Ann <nil> stale
}
