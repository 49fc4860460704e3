package entitycache_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit/tcpproxy"
)

// heardWithin is the time within which a purge is heard without a working subscription.
const heardWithin = 10 * time.Second

// drops fails the test unless a gateway, which has "first" of key in memory, drops it in
// time.
func drops(t testing.TB, g *gateway, key string) {
	t.Helper()
	start := time.Now()
	eventually(t, "the purge is heard", func() bool { return !answers(t, g, []string{key}, "first") })
	if took := time.Since(start); took > heardWithin {
		t.Errorf("the purge was heard after %v", took)
	}
}

// network is what lies between a gateway and its Redis in a test, and a second server that
// the name of the first may lead to.
type network struct {
	t              *testing.T
	proxy          *tcpproxy.Proxy
	server, second *redistest.Server
}

// permit changes what the gateway's user may do. Its subscription ends, as with Redis 7 if it
// may no longer read the channel.
func (n *network) permit(rules ...string) {
	n.t.Helper()
	for _, command := range [][]string{append([]string{"ACL", "SETUSER", "gateway"}, rules...), {"CLIENT", "KILL", "TYPE", "pubsub"}} {
		if _, err := n.server.Do(command...); err != nil {
			n.t.Fatal(err)
		}
	}
}

// Whatever happened to the connections and permissions of a gateway, it hears of purges.
func TestPurge_IsHeardAfterFaults(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(n *network) // the purge
		elsewhere     bool             // the purge is made on the second server
	}{
		"connections die silently":         {before: func(n *network) { n.proxy.Silence() }},
		"it is cut off for a moment":       {before: func(n *network) { n.proxy.Cut(); n.proxy.Restore() }},
		"it is cut off during the purge":   {before: func(n *network) { n.proxy.Cut() }, after: func(n *network) { n.proxy.Restore() }},
		"the name leads to another server": {before: func(n *network) { n.proxy.Switch(n.second.Addr) }, elsewhere: true},
		"it is cut off and led elsewhere":  {before: func(n *network) { n.proxy.Cut(); n.proxy.Switch(n.second.Addr); n.proxy.Restore() }, elsewhere: true},
		"it may no longer subscribe":       {before: func(n *network) { n.permit("-subscribe") }},
		"it may no longer read channels":   {before: func(n *network) { n.permit("resetchannels") }},
		"it may do little more than read":  {before: func(n *network) { n.permit("-@all", "+get", "+set", "+pttl", "+auth") }},
		"it may do nothing for a while":    {before: func(n *network) { n.permit("-@all", "+auth") }, after: func(n *network) { n.permit("+@all") }},
		"its connections are slow":         {before: func(n *network) { n.proxy.Delay(60 * time.Millisecond) }, after: func(n *network) { n.proxy.Delay(0) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &network{t: t, server: redistest.Start(t), second: redistest.Start(t)}
			n.proxy = tcpproxy.New(t, n.server.Addr)
			for _, server := range []*redistest.Server{n.server, n.second} {
				if _, err := server.Do("ACL", "SETUSER", "gateway", "on", ">open", "~*", "&*", "+@all"); err != nil {
					t.Fatal(err)
				}
			}
			src := newSource("first")
			cfg := defaults()
			cfg.TTL, cfg.RedisURL = time.Hour, "redis://gateway:open@"+n.proxy.Addr
			g := newGateway(t, cfg, src)
			cfg.RedisURL = n.server.URL()
			if c.elsewhere {
				cfg.RedisURL = n.second.URL()
			}
			other := newGateway(t, cfg, src)
			wantUsed(t, g, n.server)
			eventually(t, "it is subscribed", func() bool { return g.figure(t, "cache_redis_subscribed") == 1 })
			g.want(t, "a", "first")
			src.says("second")
			c.before(n)
			purge(t, other, "item:a")
			if c.after != nil {
				c.after(n)
			}
			drops(t, g, "a")
		})
	}
}

// A gateway that was cut off from Redis, in whatever way, keeps to the TTLs, and drops all
// that it has in memory when it is connected again.
func TestRedis_CutOffDropsAll(t *testing.T) {
	for name, c := range map[string]struct {
		cut, restore func(*redistest.Server, *tcpproxy.Proxy)
	}{
		"connections are refused": {
			func(_ *redistest.Server, p *tcpproxy.Proxy) { p.Cut() },
			func(_ *redistest.Server, p *tcpproxy.Proxy) { p.Restore() },
		},
		"it hangs": {
			func(s *redistest.Server, _ *tcpproxy.Proxy) { s.Hang() },
			func(s *redistest.Server, _ *tcpproxy.Proxy) { s.Continue() },
		},
		"the name leads nowhere": {
			func(_ *redistest.Server, p *tcpproxy.Proxy) { p.Switch("127.0.0.1:1"); p.Silence() },
			func(s *redistest.Server, p *tcpproxy.Proxy) { p.Switch(s.Addr) },
		},
		"it is gone": {
			func(s *redistest.Server, _ *tcpproxy.Proxy) { s.Kill() },
			func(s *redistest.Server, _ *tcpproxy.Proxy) { s.Restart() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := onProxiedRedis(t)
			c.cut(g.server, g.proxy)
			eventually(t, "it is cut off", func() bool { return len(g.log.lines("redis failed")) > 0 })
			g.want(t, "a", "first") // which only memory has
			g.src.says("second")
			g.want(t, "a", "first")
			c.restore(g.server, g.proxy)
			drops(t, g.gateway, "a")
		})
	}
}

// A purge that could not be recorded is recorded when Redis is back, before it is used.
func TestPurge_IsMadeUpFor(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := tcpproxy.New(t, server.Addr)
	src := newSource("first")
	g, other := onRedis(t, "redis://"+proxy.Addr, src), onRedis(t, server.URL(), src)
	wantUsed(t, g, server)
	stored(t, server.URL(), "first", []string{"a"}, other)
	src.says("second")
	proxy.Cut()
	if g.Purge(t.Context(), "item:a") == nil {
		t.Error("no error")
	}
	g.want(t, "a", "second")
	proxy.Restore()
	drops(t, other, "a")
}

// A purge that Redis is not told of, at whatever moment of its recovery, drops what Redis has.
func TestPurge_DuringRecovery(t *testing.T) {
	for name, moment := range map[string]string{"the table is read": "getrange", "its speed is measured": "pttl", "it is greeted": "hello"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := onProxiedRedis(t)
			stored(t, g.server.URL(), "first", []string{"a", "b"}, g.gateway)
			g.src.says("second")
			g.proxy.Cut()
			eventually(t, "it is not used", func() bool {
				_ = g.Purge(t.Context(), "item:other")
				return len(g.log.lines("redis failed")) > 0
			})
			before := calls(t, g.server, moment)
			g.proxy.Hold(moment)
			g.proxy.Restore()
			eventually(t, "it is probed", func() bool { return calls(t, g.server, moment) != before })
			for range 3 {
				_ = g.Purge(t.Context(), "item:a")
			}
			g.proxy.Release()
			eventually(t, "it is used again", func() bool { return len(g.log.lines("redis is used again")) > 0 })
			g.want(t, "a", "second")
			eventually(t, "entries are found in it", func() bool {
				_, _, err := g.get(t.Context(), "b")
				return err == nil && g.figure(t, "cache_hits_total", "redis") > 0
			})
			g.want(t, "a", "second")
			g.src.says("third")
			purge(t, g.gateway, "item:a")
			g.want(t, "a", "third")
			inRedis(t, g.server.URL(), []string{"a"}, func() { g.want(t, "a", "third") }, g.gateway) // its tag is trusted again
		})
	}
}

// A server that had not received the last purges may be promoted, or the table of
// generations is lost or spoiled: then it is unknown what was purged.
func TestPurge_WhereTheTableIsLost(t *testing.T) {
	const table = "tributary:2:~generations"
	for name, command := range map[string][]string{
		"all is lost":        {"FLUSHALL"},
		"the table is lost":  {"DEL", table},
		"garbage":            {"SET", table, "garbage"},
		"another type":       {"EVAL", "redis.call('DEL', KEYS[1]) return redis.call('LPUSH', KEYS[1], 'garbage')", "1", table},
		"purges are missing": {"SETRANGE", table, "8", "\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			src := newSource("first")
			cfg := defaults()
			cfg.TTL, cfg.RedisURL = time.Hour, server.URL()
			g := newGateway(t, cfg, src)
			wantUsed(t, g, server)
			purge(t, g, "item:other")
			g.want(t, "a", "first")
			src.says("second")
			if _, err := server.Do(command...); err != nil {
				t.Fatal(err)
			}
			drops(t, g, "a")
			purge(t, g, "item:a")
		})
	}
}

// Variants leave no keys of their own, and a purge reaches all of them by one command.
func TestPurge_OfManyVariants(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL, cfg.Variant = server.URL(), variantOf
	src := newSource("first")
	g := newGateway(t, cfg, src)
	wantUsed(t, g, server)
	variants := 0
	eventually(t, "many are in Redis", func() bool { // which may be given up for a while if the machine is busy
		for range 100 {
			_, _ = g.load(in(t, fmt.Sprint("v", variants)), []string{"a"})
			variants++
		}
		return countItems(server) > 250
	})
	src.says("second")
	purge(t, g, "item:a")
	other := newGateway(t, cfg, src)
	for _, gw := range []*gateway{g, other} {
		for n := range variants {
			if values, _ := gw.load(in(t, fmt.Sprint("v", n)), []string{"a"}); values["a"].Text != "second" {
				t.Fatalf("variant %d is %q", n, values["a"].Text)
			}
		}
	}
	kept, err := server.Do("EVAL", "local n = 0; for _, k in ipairs(redis.call('KEYS', '*')) do if redis.call('TTL', k) > 631 then n = n + 1 end end; return n", "0")
	if kept != "0" || err != nil {
		t.Errorf("%s keys outlive their entries, %v", kept, err)
	}
}

// A purge of an entity takes as many commands, and as much time, however many variants of it
// are in Redis.
func TestPurge_Of400000Variants(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL, cfg.Variant = server.URL(), variantOf
	src := newSource("first")
	g := newGateway(t, cfg, src)
	wantUsed(t, g, server)
	const fill = `local a, i = {}, 0; for n = 1, 400000 do a[i + 1], a[i + 2], i = KEYS[1] .. n, 'x', i + 2; if i == 4000 then redis.call('MSET', unpack(a)); i = 0 end end; return redis.call('DBSIZE')`
	took := func() time.Duration {
		least := time.Hour
		for range 5 { // the machine may be busy: the best of five
			start := time.Now()
			purge(t, g, "item:a")
			least = min(least, time.Since(start))
		}
		return least
	}
	few := took()
	if n, err := server.Do("EVAL", fill, "1", "tributary:2:item:a\x00v"); err != nil || len(n) < 6 {
		t.Fatal(n, err)
	}
	many := took()
	t.Logf("a purge took %v with few variants and %v with 400,000", few, many)
	if many > few+100*time.Millisecond {
		t.Errorf("it took %v, and %v with few variants", many, few)
	}
	for _, command := range []string{"del", "unlink", "scan", "keys", "smembers"} {
		if stats := calls(t, server, command); stats != "" && command != "keys" { // by countItems
			t.Errorf("it deletes: %s %s", command, stats)
		}
	}
}

// Redis is used whatever commands it denies that the cache can do without, and purges are
// heard. allowed says whether a purge can be recorded.
func TestRedis_DeniedCommands(t *testing.T) {
	for denied, c := range map[string]struct{ warning string }{
		"-ping":                          {},
		"-subscribe -psubscribe":         {"does not permit SUBSCRIBE"},
		"-publish":                       {"does not permit PUBLISH"},
		"-eval -evalsha -script -fcall":  {},
		"-incr -incrby":                  {},
		"-del":                           {},
		"-unlink -del":                   {},
		"-scan -keys":                    {},
		"-client -info -config -command": {},
		"-hello":                         {},
		"-bitfield":                      {},
		"-getrange":                      {},
		"-setnx -setex -psetex":          {},
		"-ping -subscribe -publish -bitfield -getrange -pexpire": {"does not permit SUBSCRIBE"},
		"-@all +get +set +pttl +auth":                            {"does not permit SUBSCRIBE"},
	} {
		t.Run(denied, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			rule := append([]string{"ACL", "SETUSER", "gateway", "on", ">open", "~*", "&*", "+@all"}, strings.Fields(denied)...)
			if _, err := server.Do(rule...); err != nil {
				t.Fatal(err)
			}
			src := newSource("first")
			cfg := defaults()
			cfg.TTL, cfg.RedisURL = time.Hour, "redis://gateway:open@"+server.Addr
			g, log := newLogged(t, cfg, src)
			other := newGateway(t, cfg, src)
			wantUsed(t, g, server)
			for _, text := range []string{"first", "second", "first"} {
				src.says(text)
				purge(t, other, "item:a")
				eventually(t, "the purge is heard", func() bool {
					got, _, err := g.get(context.Background(), "a")
					return err == nil && got == text
				})
			}
			server.Hang()
			eventually(t, "it is not used", func() bool {
				_, _, _ = g.get(t.Context(), fmt.Sprint(time.Now().UnixNano()))
				return g.figure(t, "cache_redis_up") == 0
			})
			server.Continue()
			eventually(t, "it is used again", func() bool { return g.figure(t, "cache_redis_up") == 1 })
			if g.Ping(t.Context()) != nil {
				t.Error("it is not well")
			}
			if c.warning != "" && strings.Contains(c.warning, "SUBSCRIBE") {
				if n := len(log.lines(c.warning)); n != 1 || g.figure(t, "cache_redis_subscribed") != 0 {
					t.Errorf("%d warnings", n)
				}
			}
		})
	}
}
