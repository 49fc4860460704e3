package entitycache_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit/tcpproxy"
)

// pair are two gateways on one Redis; one reaches it through a proxy.
type pair struct {
	server         *redistest.Server
	proxy          *tcpproxy.Proxy
	src            *source
	writer, reader *gateway
}

// newPair returns a pair of which the reader has "first" of "a" in memory.
func newPair(t *testing.T, login string) *pair {
	t.Helper()
	p := &pair{server: redistest.Start(t), src: newSource("first")}
	p.proxy = tcpproxy.New(t, p.server.Addr)
	if _, err := p.server.Do("ACL", "SETUSER", "mute", "on", ">open", "~*", "&*", "+@all", "-subscribe"); err != nil {
		t.Fatal(err)
	}
	cfg := defaults()
	cfg.TTL, cfg.RedisURL = time.Hour, "redis://"+login+p.proxy.Addr
	p.reader = newGateway(t, cfg, p.src)
	cfg.RedisURL = p.server.URL()
	p.writer = newGateway(t, cfg, p.src)
	wantUsed(t, p.reader, p.server)
	for _, g := range []*gateway{p.reader, p.writer} {
		if login == "" {
			eventually(t, "it is subscribed", func() bool { return g.figure(t, "cache_redis_subscribed") == 1 })
		}
	}
	purge(t, p.writer, "item:other") // so that it knows the table
	p.reader.want(t, "a", "first")
	return p
}

// write writes by the writer, and returns what its client has seen.
func (p *pair) write(t *testing.T, text string) (seen string) {
	t.Helper()
	p.src.says(text)
	ctx, session := entitycache.WithSession(t.Context(), "")
	p.writer.Changed(ctx, "item:a")
	if seen = session.Seen(); seen == "" {
		t.Fatal("the write has not said what was seen")
	}
	return seen
}

// reads fails the test unless a request to g that brings seen gets text.
func reads(t *testing.T, g *gateway, seen, text string) {
	t.Helper()
	ctx, _ := entitycache.WithSession(t.Context(), seen)
	if got, _, err := g.get(ctx, "a"); err != nil || got != text {
		t.Errorf("it reads %q, %v, want %q", got, err, text)
	}
}

// Whatever keeps a purge from a gateway, who has seen it reads nothing older there.
func TestSession_AtALaggingGateway(t *testing.T) {
	nothing := func(*pair) {}
	for name, c := range map[string]struct {
		login         string
		before, after func(*pair) // the write
		outcomes      []string
	}{
		"it hears of the purge":        {outcomes: []string{"current", "waited"}},
		"its subscription is late":     {before: func(p *pair) { p.proxy.Hold("subscribe") }, outcomes: []string{"waited"}},
		"it may not subscribe":         {login: "mute:open@", outcomes: []string{"current", "waited"}},
		"its connections are dead":     {before: func(p *pair) { p.proxy.Silence() }, outcomes: []string{"waited", "past"}},
		"it is cut off":                {before: func(p *pair) { p.proxy.Cut() }, outcomes: []string{"past"}},
		"Redis hangs after the write":  {before: func(p *pair) { p.proxy.Hold("subscribe") }, after: func(p *pair) { p.server.Hang() }, outcomes: []string{"past"}},
		"Redis dies after the write":   {before: func(p *pair) { p.proxy.Hold("subscribe") }, after: func(p *pair) { p.server.Kill() }, outcomes: []string{"past"}},
		"Redis hangs before the write": {before: func(p *pair) { p.server.Hang() }, outcomes: []string{"past"}},
		"Redis dies before the write":  {before: func(p *pair) { p.server.Kill() }, outcomes: []string{"past"}},
		"the table was lost": {before: func(p *pair) {
			p.proxy.Hold("subscribe")
			_, _ = p.server.Do("FLUSHALL")
		}, outcomes: []string{"current", "ignored"}}, // ignored if the poll was there first
		"Redis was replaced": {before: func(p *pair) { p.server.Restart() }, outcomes: []string{"current", "waited", "ignored", "past"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, c.login)
			if c.before == nil {
				c.before = nothing
			}
			c.before(p)
			seen := p.write(t, "second")
			if c.after != nil {
				c.after(p)
			}
			reads(t, p.reader, seen, "second")
			reads(t, p.reader, seen, "second")
			had := 0.0
			for _, outcome := range c.outcomes {
				had += p.reader.figure(t, "cache_seen_total", outcome)
			}
			if had == 0 {
				t.Errorf("it ended in none of %v", c.outcomes)
			}
			reads(t, p.writer, seen, "second")
		})
	}
}

// One who has seen a write that is not recorded yet goes on to read past the cache after a
// second write that is.
func TestSession_SeveralWrites(t *testing.T) {
	p := newPair(t, "")
	p.proxy.Hold("subscribe")
	first := p.write(t, "second")
	reads(t, p.reader, first, "second")
	p.src.says("third")
	ctx, session := entitycache.WithSession(t.Context(), first)
	p.writer.Changed(ctx, "item:b")
	p.writer.Changed(ctx, "item:a")
	reads(t, p.reader, session.Seen(), "third")
	p.server.Hang()
	p.src.says("fourth")
	ctx, owing := entitycache.WithSession(t.Context(), session.Seen())
	p.writer.Changed(ctx, "item:a")
	p.server.Continue()
	eventually(t, "purges are recorded again", func() bool { return p.writer.Purge(t.Context(), "item:c") == nil })
	ctx, both := entitycache.WithSession(t.Context(), owing.Seen())
	p.writer.Changed(ctx, "item:b")
	p.proxy.Cut()
	reads(t, p.reader, both.Seen(), "fourth")
}

// One who reads past the cache is served nothing stale in place of what failed, and others are.
func TestSession_NothingStale(t *testing.T) {
	p := newPair(t, "")
	p.proxy.Cut()
	seen := p.write(t, "second")
	p.src.fails(errors.New("broken"))
	ctx, _ := entitycache.WithSession(t.Context(), seen)
	if got, ok, err := p.reader.get(ctx, "a"); err == nil {
		t.Errorf("it reads %q, %t", got, ok)
	}
	p.reader.want(t, "a", "first")
	p.src.says("second")
	reads(t, p.reader, seen, "second")
	p.reader.want(t, "a", "second") // as it was loaded for another
}

// A gateway that has never reached Redis cannot verify what clients bring, and reads past its
// cache, for some requests a second.
func TestSession_WithoutTable(t *testing.T) {
	p := newPair(t, "")
	p.proxy.Cut()
	cfg := defaults()
	cfg.TTL, cfg.RedisURL = time.Hour, "redis://"+p.proxy.Addr
	fresh := newGateway(t, cfg, p.src)
	fresh.want(t, "a", "first")
	seen := p.write(t, "second")
	reads(t, fresh, "", "first")
	reads(t, fresh, seen, "second")
	start, before := time.Now(), p.src.count("a")
	for range 500 {
		reads(t, fresh, seen, "second")
	}
	if n, most := p.src.count("a")-before, 20*(2+int(time.Since(start)/time.Second)); n == 0 || n > most {
		t.Errorf("500 values made %d calls, want 1 to %d", n, most)
	}
	p.src.says("third")
	for _, invented := range []string{"x", seen[:31], strings.Repeat("A", 32), strings.Repeat("_", 32)} {
		reads(t, fresh, invented, "second")
	}
	p.proxy.Restore()
	purge(t, fresh, "item:other") // so that it knows the table
	reads(t, fresh, p.write(t, "fourth"), "fourth")
}

// One request may bring what was seen by several writes, in any order and among other words.
func TestSession_SeveralValues(t *testing.T) {
	for name, list := range map[string]func(old, seen string) string{
		"the latest is first":  func(old, seen string) string { return seen + "," + old },
		"the latest is last":   func(old, seen string) string { return old + ", " + seen },
		"blanks and no values": func(_, seen string) string { return " ,, x," + seen + " ," },
		"among many":           func(_, seen string) string { return strings.Repeat("x,", 500) + seen },
		"twice":                func(_, seen string) string { return seen + "," + seen },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, "")
			old := p.write(t, "first")
			reads(t, p.reader, old, "first")
			p.proxy.Cut()
			seen := p.write(t, "second")
			reads(t, p.reader, old, "first")
			reads(t, p.reader, list(old, seen), "second")
			ctx, session := entitycache.WithSession(t.Context(), list(old, seen))
			p.writer.Changed(ctx, "item:b")
			p.src.says("third") // loads past the cache see it
			reads(t, p.reader, session.Seen(), "third")
		})
	}
}

// The purges of one session wait for Redis no longer together than one of them.
func TestSession_WaitsOnce(t *testing.T) {
	took := func(t *testing.T, purges int) time.Duration {
		t.Helper()
		p := newPair(t, "")
		p.proxy.Hold("bitfield")
		ctx, _ := entitycache.WithSession(t.Context(), "")
		start := time.Now()
		for range purges {
			p.reader.Changed(ctx, "item:b")
		}
		return time.Since(start)
	}
	for range 5 { // the machine may be busy: the best of five
		if took(t, 10) < 2*took(t, 1) {
			return
		}
	}
	t.Error("each purge waits for itself")
}

// Several requests bring at the same time what was seen in a table that is not known yet.
func TestSession_TogetherInNewTable(t *testing.T) {
	p := newPair(t, "mute:open@")
	if _, err := p.server.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	purge(t, p.writer, "item:other")
	seen := p.write(t, "second")
	var together sync.WaitGroup
	for range 10 {
		together.Go(func() { reads(t, p.reader, seen, "second") })
	}
	together.Wait()
}

// What stands for nothing costs nothing, also where Redis cannot be reached.
func TestSession_ForgedValues(t *testing.T) {
	p := newPair(t, "")
	honest := p.write(t, "first")
	reads(t, p.reader, honest, "first") // so that it knows the purge
	elsewhere := newPair(t, "").write(t, "first")
	memory := newGateway(t, defaults(), newSource("first"))
	ctx, session := entitycache.WithSession(t.Context(), "")
	memory.Changed(ctx, "item:a")
	forged := map[string]string{
		"a word": "x", "blanks": "   ", "much": strings.Repeat("A", 10_000), "zeros": strings.Repeat("A", 32), "no Base64": strings.Repeat("!", 32),
		"of another Redis": elsewhere, "of memory": session.Seen(), "twice": honest + honest, "in no list": honest + ";" + honest, "short": honest[:31],
	}
	raw, err := base64.RawURLEncoding.DecodeString(honest)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1 << (i % 8)
		forged["changed at "+string(rune('a'+i))] = base64.RawURLEncoding.EncodeToString(changed)
	}
	check := func(t *testing.T) {
		t.Helper()
		before := p.src.count("a")
		for name, seen := range forged {
			ctx, _ := entitycache.WithSession(t.Context(), seen)
			if got, _, err := p.reader.get(ctx, "a"); err != nil || got != "first" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if n := p.src.count("a") - before; n > 0 {
			t.Errorf("the upstream was asked %d times", n)
		}
	}
	t.Run("at a gateway in order", check)
	p.proxy.Cut()
	t.Run("at a gateway that is cut off", check)
	if n := p.reader.figure(t, "cache_seen_total", "ignored"); n != float64(2*len(forged)) {
		t.Errorf("%v values were ignored, want %d", n, 2*len(forged))
	}
}

// A gateway that shares its cache with no other says what was seen, and needs not be told.
func TestSession_MemoryOnly(t *testing.T) {
	src := newSource("first")
	g := newGateway(t, defaults(), src)
	g.want(t, "a", "first")
	src.says("second")
	ctx, session := entitycache.WithSession(t.Context(), "")
	if session.Seen() != "" {
		t.Error("something was seen before the write")
	}
	g.Changed(ctx, "item:a")
	if session.Seen() == "" {
		t.Error("nothing was seen")
	}
	reads(t, g, session.Seen(), "second")
	reads(t, g, session.Seen(), "second")
	src.wantAsked(t, "a", 2)
	g.Changed(context.Background(), "item:a") // without a session
}

// From the moment a purge begins until it is recorded, and after that, what Redis has of its
// tags is not used, and does not come into memory.
func TestPurge_ReadsWhileRecorded(t *testing.T) {
	purges := map[string]func(g *gateway, tag string){
		"by an operator": func(g *gateway, tag string) { _ = g.Purge(context.Background(), tag) },
		"by a write":     func(g *gateway, tag string) { g.Changed(context.Background(), tag) },
	}
	for by, begin := range purges {
		for what, tag := range map[string]string{"an entity": "item:a", "a kind": "item", "everything": entitycache.PurgeAll} {
			t.Run(what+" "+by, func(t *testing.T) {
				t.Parallel()
				p := newPair(t, "")
				stored(t, p.server.URL(), "first", []string{"a"}, p.writer)
				p.src.says("second")
				p.proxy.Hold("bitfield")
				before := calls(t, p.server, "bitfield")
				done := make(chan struct{})
				go func() { defer close(done); begin(p.reader, tag) }()
				eventually(t, "the purge is on its way", func() bool { return calls(t, p.server, "bitfield") != before })
				reads(t, p.reader, "", "second")
				p.proxy.Release()
				<-done
				reads(t, p.reader, "", "second")
			})
		}
	}
}

// calls returns what a server says about the commands with a name that it has received.
func calls(t *testing.T, server *redistest.Server, command string) string {
	t.Helper()
	stats, err := server.Do("INFO", "commandstats")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(stats, "cmdstat_"+command+":")
	line, _, _ := strings.Cut(after, "\n")
	return line
}
