package entitycache_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit/tcpproxy"
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

func TestSentinel_Failover(t *testing.T) {
	t.Parallel()
	for name := range failovers(redistest.Failover{}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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

func TestSentinel_NamesServer(t *testing.T) {
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

// forked are two gateways, one on a server and the other on its replica, which was promoted
// and knows nothing of what the first was told since.
type forked struct {
	src            *source
	stays, follows *gateway // follows is on the old server until it is led to the new one
}

// newForked returns both with "first" of "a" and "b" in memory and in both servers.
func newForked(t *testing.T) (f *forked, lead func()) {
	t.Helper()
	old := redistest.Start(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(old.Addr)
	promoted := redistest.Start(t, "--replicaof", host+" "+port)
	one, two := tcpproxy.New(t, old.Addr), tcpproxy.New(t, old.Addr)
	f = &forked{src: newSource("first")}
	cfg := defaults()
	cfg.TTL, cfg.RedisURL = time.Hour, "redis://"+one.Addr
	f.stays = newGateway(t, cfg, f.src)
	cfg.RedisURL = "redis://" + two.Addr
	f.follows = newGateway(t, cfg, f.src)
	wantUsed(t, f.stays, old)
	wantUsed(t, f.follows, old)
	purge(t, f.stays, "item:other")
	stored(t, old.URL(), "first", []string{"a", "b"}, f.stays, f.follows)
	eventually(t, "the replica has all", func() bool { return countItems(promoted) == countItems(old) })
	if _, err := promoted.Do("REPLICAOF", "NO", "ONE"); err != nil {
		t.Fatal(err)
	}
	switchTo := func(p *tcpproxy.Proxy) { p.Cut(); p.Switch(promoted.Addr); p.Restore() }
	switchTo(one)
	return f, func() { switchTo(two) }
}

// A purge that was answered holds on all gateways, whatever the promoted server was told
// before or after it.
func TestPurge_AcrossAFailover(t *testing.T) {
	const lost = "item:a"
	times := func(n int, tag string) (tags []string) { return slices.Repeat([]string{tag}, n) }
	for name, c := range map[string]struct{ lost, before, after []string }{
		"the new server knows less":                   {lost: times(1, lost)},
		"as many other purges follow":                 {lost: times(1, lost), after: times(1, "item:b")},
		"as many other purges were before":            {lost: times(1, lost), before: times(1, "item:b")},
		"more other purges follow":                    {lost: times(1, lost), after: times(5, "item:b")},
		"fewer other purges follow":                   {lost: times(5, lost), after: times(2, "item:b")},
		"as many purges of the same were before":      {lost: times(1, lost), before: times(1, lost)},
		"more purges of the same were before":         {lost: times(1, lost), before: times(3, lost)},
		"more purges of the same and others before":   {lost: times(1, lost), before: append(times(3, lost), "item:b")},
		"as many purges of everything were before":    {lost: times(2, entitycache.PurgeAll), before: times(2, entitycache.PurgeAll)},
		"a purge of the kind, and others were before": {lost: times(1, "item"), before: times(4, "item:b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, lead := newForked(t)
			for _, tag := range c.before {
				purge(t, f.stays, tag)
			}
			f.stays.want(t, "a", "first")
			f.src.says("second")
			for _, tag := range c.lost {
				purge(t, f.follows, tag)
			}
			for _, tag := range c.after {
				purge(t, f.stays, tag)
			}
			lead()
			drops(t, f.stays, "a")
			drops(t, f.follows, "a")
			if len(c.after) > 0 {
				drops(t, f.follows, "b")
			}
		})
	}
}
