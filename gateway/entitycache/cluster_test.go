package entitycache_test

import (
	"fmt"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
)

func TestCluster_NodeLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ do, undo func(*redistest.Server) }{
		"it is killed": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"it hangs":     {(*redistest.Server).Hang, (*redistest.Server).Continue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t)
			g := onRedis(t, cluster.URL(), newSource("first"))
			longest := time.Hour
			for round := 0; round < 5 && longest > 100*time.Millisecond; round++ { // the machine may be busy: the best of five
				for _, node := range cluster {
					wantUsed(t, g, node)
				}
				stop := underLoad(t, g, round)
				fault.do(cluster[1])
				for n := range 200 {
					g.want(t, fmt.Sprint("during", round, "-", n), "first")
				}
				longest = min(longest, stop())
				fault.undo(cluster[1])
				cluster.AwaitWhole(t)
				_, _ = cluster[1].Do("FLUSHALL")
			}
			for _, node := range cluster {
				wantUsed(t, g, node)
			}
			if longest > 100*time.Millisecond {
				t.Errorf("a request waited %v", longest)
			}
		})
	}
}

func TestRedis_Password(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "open sesame")
	url := "redis://:open%20sesame@" + server.Addr
	stored(t, url, "first", []string{"a"}, onRedis(t, url, newSource("first")))
}
