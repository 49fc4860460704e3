package entitycache

import (
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache/redisstore"
)

// Few texts wait for the shared store, so that they take little memory while it is slow.
func TestTexts_Pending(t *testing.T) {
	c := &Cache{redis: &redisstore.Store{}, writes: make(chan writeBatch, pendingWrites), metrics: newMetrics(prometheus.NewRegistry())}
	texts := c.Texts("document", time.Hour)
	for n := range pendingWrites {
		texts.Set(t.Context(), strconv.Itoa(n), "{ hello }")
	}
	if n := len(c.writes); n != textsPending {
		t.Errorf("%d are waiting, want %d", n, textsPending)
	}
}
