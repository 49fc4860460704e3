package cache_test

import (
	"strconv"
	"testing"

	"tributary/gateway/cache/redistest"
)

func TestAPurgeFindsItsWayThroughGarbage(t *testing.T) {
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL, cfg.Variant = server.URL(), variantOf
	for key, garbage := range map[string][]string{
		"tributary:1:~variants:item:a": {"SET", "tributary:1:~variants:item:a", "garbage"},
		"tributary:1:~purged":          {"SET", "tributary:1:~purged", "garbage"},
		"tributary:1:~purged, a list":  {"LPUSH", "tributary:1:~purged", "garbage"},
	} {
		src := newSource("first")
		g := newGateway(t, cfg, src)
		settle(t, g)
		inRedis(t, server.URL(), []string{"a\x1fde"}, func() {
			eventually(t, "it is there", func() bool {
				values, err := g.load(in(t, "de"), []string{"a"})
				return err == nil && values["a"].Text == "first"
			})
		}, g)
		for _, command := range [][]string{{"DEL", garbage[1]}, garbage} {
			if _, err := server.Do(command...); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Purge(t.Context(), "item:a"); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		src.says("second")
		other := newGateway(t, cfg, src) // which has only what is in Redis
		if values, err := other.load(in(t, "de"), []string{"a"}); err != nil || values["a"].Text != "second" {
			t.Errorf("%s: then %v, %v", key, values, err)
		}
	}
}

// A gateway that was disconnected detects missed purges by the count. So a restarted
// Redis must not reuse a count.
func TestTheCountOfPurgesGoesOnWhereRedisHasForgottenIt(t *testing.T) {
	server := redistest.Start(t)
	g := onRedis(t, server.URL(), newSource("first"))
	counted := func() int {
		purge(t, g, "item:a")
		text, err := server.Do("GET", "tributary:1:~purged")
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := counted()
	if _, err := server.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	if after := counted(); after <= before {
		t.Errorf("it was %d and is %d", before, after)
	}
}
