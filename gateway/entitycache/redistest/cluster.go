package redistest

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"tributary/internal/testkit"
)

// Cluster is a Redis cluster of three nodes, each with a third of the slots.
type Cluster []*Server

// StartCluster starts one and waits until it is one.
func StartCluster(t testing.TB) Cluster {
	t.Helper()
	const nodes, slots = 3, 16384
	c := make(Cluster, 0, nodes)
	for n := range nodes {
		_, bus, _ := net.SplitHostPort(testkit.KeepAddr(t))
		s := Start(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000")
		must(t, s, "CLUSTER", "ADDSLOTSRANGE", fmt.Sprint(n*slots/nodes), fmt.Sprint((n+1)*slots/nodes-1))
		c = append(c, s)
		host, port, _ := net.SplitHostPort(s.Addr)
		must(t, c[0], "CLUSTER", "MEET", host, port, bus)
	}
	c.AwaitWhole(t)
	return c
}

// AwaitWhole waits until every node knows of every other, and none is missing.
func (c Cluster) AwaitWhole(t testing.TB) {
	t.Helper()
	await(t, "the nodes are a cluster", c.whole)
}

// URL names all of the nodes.
func (c Cluster) URL() string {
	addrs := make([]string, 0, len(c))
	for _, s := range c {
		addrs = append(addrs, s.Addr)
	}
	return "redis://" + strings.Join(addrs, ",")
}

func (c Cluster) whole() bool {
	for _, s := range c {
		info, err := s.Do("CLUSTER", "INFO")
		if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c))) {
			return false
		}
	}
	return true
}

func must(t testing.TB, s *Server, args ...string) {
	t.Helper()
	if _, err := s.Do(args...); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}
