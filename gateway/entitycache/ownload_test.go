package entitycache_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit/tcpproxy"
)

// logged is a log that tests read.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// lines returns the lines that contain text.
func (l *logged) lines(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// newLogged returns a gateway whose log can be read.
func newLogged(t testing.TB, cfg entitycache.Config, src *source) (*gateway, *logged) {
	t.Helper()
	g, log := &gateway{figures: prometheus.NewRegistry()}, &logged{}
	var err error
	if g.Cache, err = entitycache.New(cfg, slog.New(slog.NewTextHandler(log, nil)), g.figures); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	g.load = entitycache.ReadThrough(g.Cache, items, src.load)
	return g, log
}

// proxied is a gateway that reaches its Redis through a proxy.
type proxied struct {
	*gateway
	server *redistest.Server
	proxy  *tcpproxy.Proxy
	src    *source
	log    *logged
}

// onProxiedRedis returns such a gateway, which uses its Redis. Entries are fresh for an hour, and
// the source says "first".
func onProxiedRedis(t *testing.T) proxied {
	t.Helper()
	server, src := redistest.Start(t), newSource("first")
	proxy := tcpproxy.New(t, server.Addr)
	cfg := defaults()
	cfg.TTL, cfg.RedisURL = time.Hour, "redis://"+proxy.Addr
	g, log := newLogged(t, cfg, src)
	wantUsed(t, g, server)
	return proxied{g, server, proxy, src, log}
}

// However many lookups start at the same time, they share a few round trips, none waits for
// a connection, and Redis is not taken for slow or dead.
func TestRedis_OwnLoad(t *testing.T) {
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL = server.URL()
	for name, c := range map[string]struct{ lookups, keys int }{
		"400 lookups of an unknown key":       {400, 1},
		"500 lookups of 5":                    {500, 5},
		"20 lookups of 500":                   {20, 500},
		"400 lookups of known keys and other": {400, 2},
	} {
		t.Run(name, func(t *testing.T) {
			src := newSource("first")
			g, log := newLogged(t, cfg, src)
			wantUsed(t, g, server)
			blamed := []string{"not tried yet"}
			for round := 0; round < 5 && len(blamed) > 0; round++ { // others may keep the machine busy: the best of five
				eventually(t, "Redis is used", func() bool { return g.figure(t, "cache_redis_up") == 1 })
				earlier := len(log.lines("redis failed"))
				before := g.figure(t, "cache_redis_round_trips_total")
				var wg sync.WaitGroup
				for n := range c.lookups {
					keys := make([]string, c.keys)
					for i := range keys {
						keys[i] = fmt.Sprint(name, round, "-", n, "-", i)
					}
					if c.keys == 1 {
						src.set(func(s *source) { s.unknown[keys[0]] = true })
					}
					wg.Go(func() {
						if _, err := g.load(t.Context(), keys); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				// Alone, a load takes two: it looks for the entry and takes a lease. How many share
				// one depends on how many run at the same time.
				if trips := g.figure(t, "cache_redis_round_trips_total") - before; c.lookups >= 400 && trips >= 2*float64(c.lookups) {
					t.Errorf("%v round trips for %d loads", trips, c.lookups)
				}
				blamed = log.lines("redis failed")[earlier:]
			}
			if len(blamed) > 0 {
				t.Errorf("Redis was blamed: %s", blamed[0])
			}
			if n := g.figure(t, "cache_redis_pool_timeouts_total"); n > 0 {
				t.Errorf("%v commands waited for a connection in vain", n)
			}
		})
	}
}
