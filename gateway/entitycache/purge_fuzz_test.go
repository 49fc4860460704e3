package entitycache_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tributary/gateway/entitycache"
)

// Whatever is published on the channel for purges, requests are served and the next
// purge is applied.
func FuzzPurgeMessage(f *testing.F) {
	mini, err := miniredis.Run()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(mini.Close)
	cfg := entitycache.Config{TTL: time.Hour, MemoryMB: 1, RedisURL: "redis://" + mini.Addr()}
	src := newSource("something")
	g, other := newGateway(f, cfg, src), newGateway(f, cfg, src)
	var channels []string
	eventually(f, "both listen", func() bool {
		channels = mini.PubSubChannels("*")
		return len(channels) == 1 && mini.PubSubNumSub(channels[0])[channels[0]] == 2
	})
	for _, s := range []string{`{"tags":["thing:a"],"count":1}`, `{"tags":["*"],"count":-1}`, `{"tags":null}`, `[]`, ``, `{"tags":["","\u001f",":"],"count":9223372036854775807}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, said string) {
		mini.Publish(channels[0], said)
		g.want(t, "a", "something")
		for _, text := range []string{"something else", "something"} {
			src.says(text)
			purge(t, other, "*")
			eventually(t, "the purge is heard", func() bool {
				got, _, err := g.get(t.Context(), "a")
				return err == nil && got == text
			})
		}
	})
}
