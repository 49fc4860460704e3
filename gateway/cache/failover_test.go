package cache_test

import (
	"testing"
	"time"

	"tributary/gateway/cache/redistest"
)

// failovers are the ways in which a replica is promoted.
func failovers(f redistest.Failover) map[string]func(t *testing.T) {
	return map[string]func(*testing.T){
		"the master is killed": func(*testing.T) { f.Master.Kill() },
		"the master hangs":     func(*testing.T) { f.Master.Hang() },
		"they change places": func(t *testing.T) {
			t.Helper()
			eventually(t, "the sentinel thinks well of the replica", func() bool {
				_, err := f.Sentinel.Do("SENTINEL", "FAILOVER", "main")
				return err == nil
			})
		},
	}
}

func TestAFailoverFailsNoRequestAndMakesNoneWait(t *testing.T) {
	for name := range failovers(redistest.Failover{}) {
		t.Run(name, func(t *testing.T) {
			var waited, unused time.Duration
			for range 5 { // the machine may be busy: the best of five
				f := redistest.StartFailover(t)
				waited, unused = failOver(t, f, func() { failovers(f)[name](t) })
				if waited <= 100*time.Millisecond && unused <= 5*time.Second {
					return
				}
			}
			t.Errorf("a request waited %v, and the new master was used %v after it was there", waited, unused)
		})
	}
}

// failOver stops the Redis of a gateway under load. It returns the longest time that a
// request waited, and how long after its promotion the replica was used.
func failOver(t *testing.T, f redistest.Failover, begin func()) (waited, unused time.Duration) {
	t.Helper()
	g := onRedis(t, "redis://"+f.Sentinel.Addr+"?master_name=main", newSource("first"))
	wantUsed(t, g, f.Master)
	stop := underLoad(t, g, 0)
	defer stop()
	begin()
	eventually(t, "the replica is promoted", f.Promoted)
	start := time.Now()
	if _, err := f.Replica.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	wantUsed(t, g, f.Replica)
	unused = time.Since(start)
	return stop(), unused
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
