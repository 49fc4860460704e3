package entitycache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache"
	"tributary/gateway/report"
)

type author struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func Example() {
	// A client method that loads many authors at once. It counts its calls.
	calls, down := 0, false
	byID := func(_ context.Context, ids []string) (map[string]author, error) {
		calls++
		if down {
			return nil, errors.New("connection refused")
		}
		found := map[string]author{}
		for _, id := range ids {
			found[id] = author{ID: id, Name: "Ann"}
		}
		return found, nil
	}

	// One cache for the whole gateway, shared between gateways if RedisURL is set.
	c, err := entitycache.New(entitycache.Config{TTL: 20 * time.Millisecond, StaleIfError: time.Hour, MemoryMB: 16},
		slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	authors := entitycache.ReadThrough(c, entitycache.Kind{Name: "author", Service: "authors"}, byID)

	// It is used like the client method, and calls it only for keys that are not fresh.
	ctx, r := report.With(context.Background())
	for range 3 {
		_, _ = authors(ctx, []string{"a1"})
	}
	fmt.Println("calls:", calls)

	// While the upstream fails, an expired value is served and marked as stale.
	down = true
	for len(r.Summary().Degraded) == 0 {
		found, err := authors(ctx, []string{"a1"})
		if len(r.Summary().Degraded) > 0 {
			fmt.Println(found["a1"].Name, err, r.Summary().Degraded[0].Reason)
		}
	}
	// Output:
	// calls: 1
	// Ann <nil> stale
}
