package entitycache_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Responses within the budget of a single call can add up over a request's loads.
func TestRedis_SlowThenQuick(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	for round := range 20 { // the machine may be busy: slow is not to become too slow
		g := onRedis(t, "redis://"+mini.Addr(), newSource("first"))
		mini.Server().SetPreHook(func(_ *server.Peer, cmd string, args ...string) bool {
			if cmd == "SET" || cmd == "PTTL" && !strings.Contains(args[0], "~lease:") { // one a round trip
				<-time.After(30 * time.Millisecond)
			}
			return false
		})
		for n := range 4 {
			g.want(t, fmt.Sprint(round, "-", n), "first")
		}
		failed := g.figure(t, "cache_errors_total") > 0
		if !failed {
			eventually(t, "it is not used", func() bool { return g.figure(t, "cache_redis_up") == 0 })
		}
		mini.Server().SetPreHook(nil)
		if failed {
			continue
		}
		eventually(t, "it is used again", func() bool { return g.figure(t, "cache_redis_up") == 1 })
		return
	}
	t.Fatal("this machine is too busy to tell slow from too slow")
}
