package cache_test

import (
	"fmt"
	"testing"

	"tributary/gateway/cache/redistest"
)

func TestAClusterThatLosesANodeFailsNoRequest(t *testing.T) {
	cluster := redistest.StartCluster(t)
	g := onRedis(t, cluster.URL(), newSource("first"))
	for _, node := range cluster {
		wantUsed(t, g, node)
	}
	stop := underLoad(t, g, 0)
	cluster[1].Kill()
	for n := range 200 {
		g.want(t, fmt.Sprint("during", n), "first")
	}
	stop()
}

func TestTheServerThatASentinelNamesIsUsed(t *testing.T) {
	server := redistest.Start(t)
	sentinel := redistest.StartSentinel(t, server)
	g := onRedis(t, "redis://"+sentinel.Addr+"?master_name=main", newSource("first"))
	wantUsed(t, g, server)
	if _, err := server.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	sentinel.Kill()
	wantUsed(t, g, server)
}

func TestAPasswordIsUsed(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "open sesame")
	g := onRedis(t, "redis://:open%20sesame@"+server.Addr, newSource("first"))
	g.want(t, "a", "first")
	stored(t, "redis://:open%20sesame@"+server.Addr, "a")
}
