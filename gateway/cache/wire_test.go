package cache_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tributary/gateway/cache"
)

func TestNoDamagedEntryIsTakenForWhole(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newRedis(t, "redis://"+mini.Addr())
	put(t, s, map[string]*cache.Entry{"a": entry(time.Second, time.Minute, `{"price":1299.99}`)})
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
func TestAnEntryIsAsOldAsTheOlderOfTwoClocksHasIt(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newRedis(t, "redis://"+mini.Addr())
	put(t, s, map[string]*cache.Entry{"a": entry(5*time.Second, time.Minute, "{}")})
	for name, c := range map[string]struct {
		left, least time.Duration
	}{
		"redis counted down ten seconds":  {45 * time.Second, 15 * time.Second},
		"redis counted down one second":   {54 * time.Second, 6 * time.Second},
		"redis counted down all but some": {time.Second, 59 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			mini.SetTTL(entryKey(mini), c.left)
			e := look(t, s, "a")["a"]
			if e == nil {
				t.Fatal("it is not there")
			}
			if age := e.Age(time.Now()); age < c.least || age > c.least+3*time.Second {
				t.Errorf("it is %v old, want %v and a little", age, c.least)
			}
		})
	}
}

func TestAnEntryThatWasLongOnItsWayIsNotTakenForYoung(t *testing.T) {
	mini := miniredis.RunT(t)
	s := newRedis(t, "redis://"+mini.Addr())
	written := time.Now()
	put(t, s, map[string]*cache.Entry{"a": entry(5*time.Second, time.Minute, "{}")})
	key := entryKey(mini)
	left := mini.TTL(key)
	const onItsWay = 300 * time.Millisecond
	eventually(t, "time passes", func() bool { return time.Since(written) > onItsWay+time.Millisecond })
	mini.SetTTL(key, left) // as if Redis had executed the command only now
	if e := look(t, s, "a")["a"]; e == nil || e.Age(time.Now()) < 5*time.Second+onItsWay {
		t.Errorf("got %+v", e)
	}
}

// A purge can happen within a millisecond.
func TestAnEntryIsNoYoungerThanItWasByPartsOfAMillisecond(t *testing.T) {
	s := newRedis(t, "redis://"+miniredis.RunT(t).Addr())
	for i := range 200 {
		given := &cache.Entry{Answered: time.Now().Add(-900 * time.Microsecond), Keep: time.Minute, Body: []byte("{}")}
		put(t, s, map[string]*cache.Entry{"a": given})
		eventually(t, "a part of a millisecond passes", func() bool { return time.Since(given.Answered) > time.Duration(i)*20*time.Microsecond })
		if e := look(t, s, "a")["a"]; e == nil || e.Answered.After(given.Answered) {
			t.Fatalf("got %+v, want it %v old or older", e, time.Since(given.Answered))
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

func FuzzWhatStandsInRedis(f *testing.F) {
	mini, err := miniredis.Run()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(mini.Close)
	s := newRedis(f, "redis://"+mini.Addr())
	put(f, s, map[string]*cache.Entry{"a": entry(time.Second, time.Minute, `{"id":"1"}`)})
	key := entryKey(mini)
	whole, _ := mini.Get(key)
	f.Add([]byte(whole), uint32(50_000))
	f.Add([]byte(whole)[:20], uint32(1))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, wire []byte, left uint32) {
		_ = mini.Set(key, string(wire))
		mini.SetTTL(key, time.Duration(left)*time.Millisecond)
		e := look(t, s, "a")["a"]
		if e == nil {
			return
		}
		if !bytes.Equal(wire[len(wire)-len(e.Body):], e.Body) || e.Age(time.Now()) < 0 || !e.Usable(time.Now()) {
			t.Errorf("%x is taken for %+v", wire, e)
		}
	})
}
