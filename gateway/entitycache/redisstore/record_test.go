package redisstore_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tributary/gateway/entitycache/redisstore"
	"tributary/internal/testkit"
)

func TestCodec_DamagedEntry(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newStore(t, "redis://"+mini.Addr())
	put(t, s, map[string]*redisstore.Record{"a": record(time.Second, time.Minute, `{"price":1299.99}`)})
	key := entryKey(mini)
	wire, _ := mini.Get(key)
	for i := range len(wire) {
		for bit := range 8 {
			damaged := []byte(wire)
			damaged[i] ^= 1 << bit
			_ = mini.Set(key, string(damaged))
			mini.SetTTL(key, 30*time.Second)
			if found := look(t, s, "a"); len(found) > 0 {
				t.Fatalf("byte %d, bit %d: %q", i, bit, found["a"].Body)
			}
		}
	}
}

// The clocks of the writer, of Redis and of the reader may each be wrong, but an entry
// must not appear younger than it is.
func TestCodec_OlderClockWins(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newStore(t, "redis://"+mini.Addr())
	put(t, s, map[string]*redisstore.Record{"a": record(5*time.Second, time.Minute, "{}")})
	for name, c := range map[string]struct {
		left, least time.Duration
	}{
		"redis counted down ten seconds":  {45 * time.Second, 15 * time.Second},
		"redis counted down one second":   {54 * time.Second, 6 * time.Second},
		"redis counted down all but some": {time.Second, 59 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			mini.SetTTL(entryKey(mini), c.left)
			e, ok := look(t, s, "a")["a"]
			if !ok {
				t.Fatal("it is not there")
			}
			if age := e.Age(time.Now()); age < c.least || age > c.least+3*time.Second {
				t.Errorf("it is %v old, want %v and a little", age, c.least)
			}
		})
	}
}

func TestCodec_SlowTransport(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newStore(t, "redis://"+mini.Addr())
	written := time.Now()
	put(t, s, map[string]*redisstore.Record{"a": record(5*time.Second, time.Minute, "{}")})
	key := entryKey(mini)
	left := mini.TTL(key)
	const onItsWay = 300 * time.Millisecond
	testkit.WaitFor(t, "time passes", func() bool { return time.Since(written) > onItsWay+time.Millisecond })
	mini.SetTTL(key, left) // as if Redis had executed the command only now
	if e, ok := look(t, s, "a")["a"]; !ok || e.Age(time.Now()) < 5*time.Second+onItsWay {
		t.Errorf("got %+v", e)
	}
}

// A purge can happen within a millisecond.
func TestCodec_RoundsAgeUp(t *testing.T) {
	s := newStore(t, "redis://"+miniredis.RunT(t).Addr())
	for i := range 200 {
		given := &redisstore.Record{FetchedAt: time.Now().Add(-900 * time.Microsecond), UsableFor: time.Minute, Body: []byte("{}")}
		put(t, s, map[string]*redisstore.Record{"a": given})
		testkit.WaitFor(t, "a part of a millisecond passes", func() bool { return time.Since(given.FetchedAt) > time.Duration(i)*20*time.Microsecond })
		if e, ok := look(t, s, "a")["a"]; !ok || e.FetchedAt.After(given.FetchedAt) {
			t.Fatalf("got %+v, want it %v old or older", e, time.Since(given.FetchedAt))
		}
	}
}

// entryKey returns the key of the only entry in mini.
func entryKey(mini *miniredis.Miniredis) string {
	for _, key := range mini.Keys() {
		if !strings.Contains(key, "~") {
			return key
		}
	}
	return ""
}

func FuzzCodec(f *testing.F) {
	mini, err := miniredis.Run()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(mini.Close)
	s := newStore(f, "redis://"+mini.Addr())
	put(f, s, map[string]*redisstore.Record{"a": record(time.Second, time.Minute, `{"id":"1"}`)})
	key := entryKey(mini)
	whole, _ := mini.Get(key)
	f.Add([]byte(whole), uint32(50_000))
	f.Add([]byte(whole)[:20], uint32(1))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, wire []byte, left uint32) {
		_ = mini.Set(key, string(wire))
		mini.SetTTL(key, time.Duration(left)*time.Millisecond)
		e, ok := look(t, s, "a")["a"]
		if !ok {
			return
		}
		if !bytes.Equal(wire[len(wire)-len(e.Body):], e.Body) || e.Age(time.Now()) < 0 || !e.Usable(time.Now()) {
			t.Errorf("%x is taken for %+v", wire, e)
		}
	})
}
