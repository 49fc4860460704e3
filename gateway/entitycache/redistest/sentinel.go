package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/internal/testkit"
)

// StartSentinel starts a sentinel that watches master under the name main, and
// puts a replica in its place when it does not answer for half a second.
func StartSentinel(t testing.TB, master *Server) *Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(master.Addr)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Appendf(nil, "sentinel monitor main %s %s 1\nsentinel down-after-milliseconds main 500\n", host, port)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	addr := testkit.KeepAddr(t)
	_, own, _ := net.SplitHostPort(addr)
	s := newServer(t, addr, config, "--sentinel", "--bind", "127.0.0.1", "--port", own)
	s.Restart()
	return s
}

// Failover is a master, its replica, and a sentinel that can put the one in the
// other's place.
type Failover struct{ Master, Replica, Sentinel *Server }

// StartFailover starts one and waits until each knows of the others.
func StartFailover(t testing.TB) Failover {
	t.Helper()
	master := Start(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(master.Addr)
	f := Failover{Master: master, Replica: Start(t, "--replicaof", host+" "+port)}
	await(t, "the replica follows", func() bool { return f.Replica.says("master_link_status:up") })
	f.Sentinel = StartSentinel(t, master)
	await(t, "the sentinel knows the replica", func() bool {
		n, err := f.Sentinel.Do("SENTINEL", "REPLICAS", "main")
		return err == nil && n == "1"
	})
	return f
}

// Promoted tells whether the replica is a master.
func (f Failover) Promoted() bool { return f.Replica.says("role:master") }

// says tells whether a server's account of its replication has line.
func (s *Server) says(line string) bool {
	info, err := s.Do("INFO", "replication")
	return err == nil && strings.Contains(info, line)
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	testkit.WaitFor(t, what, ok)
}
