package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/cache"
	"tributary/gateway/cache/redistest"
	"tributary/gateway/report"
)

// page builds a response from the texts of items and caches it.
type page struct {
	*gateway
	responses *cache.Responses[string]
	keys      []string
	built     int
	meanwhile func() // what happens between loading the items and keeping the page
}

func newPage(t testing.TB, cfg cache.Config, src *source, keys ...string) *page {
	t.Helper()
	cfg.ResponseMB = 1
	p := &page{gateway: newGateway(t, cfg, src), keys: keys}
	var err error
	if p.responses, err = cache.NewResponses[string](p.Cache, p.figures); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *page) key() cache.Key { return cache.KeyOf("page", []byte(strings.Join(p.keys, " "))) }

func (p *page) ask(ctx context.Context) string {
	if text, ok := p.responses.Get(ctx, p.key()); ok {
		return text
	}
	return p.build(ctx)
}

func (p *page) build(ctx context.Context) string {
	p.built++
	began := time.Now()
	ctx, rep := report.With(ctx)
	values, err := p.load(ctx, p.keys)
	if err != nil {
		return err.Error()
	}
	var texts []string
	for _, key := range p.keys {
		texts = append(texts, values[key].Text)
	}
	text := strings.Join(texts, " ")
	if p.meanwhile != nil {
		p.meanwhile()
	}
	s := rep.Summary()
	p.responses.Keep(context.Background(), p.key(), cache.Response[string]{
		Value: text, Size: len(text), Began: began, Oldest: s.Oldest, Life: s.Life,
		Renew: func(ctx context.Context) { p.build(ctx) },
	})
	return text
}

func (p *page) want(t *testing.T, text string) {
	t.Helper()
	if got := p.ask(t.Context()); got != text {
		t.Errorf("the page is %q, want %q", got, text)
	}
}

func withoutAhead() cache.Config {
	cfg := defaults()
	cfg.RefreshAhead = false
	return cfg
}

func TestAResponseLivesAsLongAsTheFirstOfItsPartsToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource("1")
		p := newPage(t, withoutAhead(), src, "a", "b")
		defer p.Close()
		p.gateway.want(t, "a", "1")
		time.Sleep(20 * time.Second)
		p.want(t, "1 1")
		src.says("2")
		time.Sleep(10*time.Second - time.Nanosecond)
		p.want(t, "1 1")
		if p.built != 1 {
			t.Errorf("built %d times within its life", p.built)
		}
		time.Sleep(time.Nanosecond)
		p.want(t, "2 1")
	})
}

func TestAResponseThatIsWantedNeverGrowsOldNorCold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := defaults()
		cfg.RefreshAhead = true
		src := newSource("")
		p := newPage(t, cfg, src, "a", "b")
		defer p.Close()
		start := time.Now()
		src.set(func(s *source) {
			s.wait = func(context.Context, []string) error { time.Sleep(time.Second); return nil }
		})
		for range 300 {
			src.set(func(s *source) { s.text = time.Since(start).String() })
			said, _, _ := strings.Cut(p.ask(t.Context()), " ")
			at, err := time.ParseDuration(said)
			if err != nil || time.Since(start)-at >= 30*time.Second {
				t.Fatalf("after %v it gives %q", time.Since(start), said)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if misses := p.figure(t, "cache_misses_total", "response"); misses != 1 {
			t.Errorf("it was cold %v times", misses)
		}
		if asked := src.count("a"); asked < 10 || asked > 14 {
			t.Errorf("the upstream was asked %d times in five minutes", asked)
		}
	})
}

func TestAnUpstreamThatFailsIsNotAskedAtEveryHitOfAResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := defaults()
		cfg.RefreshAhead = true
		src := newSource("1")
		p := newPage(t, cfg, src, "a")
		defer p.Close()
		p.want(t, "1")
		src.fails(errors.New("down"))
		time.Sleep(25 * time.Second)
		for range 40 {
			p.want(t, "1")
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		src.wantAsked(t, "a", 2)
		if p.built != 2 {
			t.Errorf("built %d times", p.built)
		}
	})
}

func TestAPurgeDropsTheResponsesThatUsedWhatItNames(t *testing.T) {
	for tag, dropped := range map[string]bool{"item:b": true, "item": true, cache.PurgeAll: true, "item:c": false, "other": false} {
		t.Run(tag, func(t *testing.T) {
			src := newSource("1")
			p := newPage(t, defaults(), src, "a", "b")
			p.want(t, "1 1")
			if err := p.Purge(t.Context(), tag); err != nil {
				t.Fatal(err)
			}
			p.ask(t.Context())
			if built := p.built == 2; built != dropped {
				t.Errorf("built again: %v, want %v", built, dropped)
			}
		})
	}
}

// Two gateways with one Redis, and a third that purges.
func TestAPurgeDropsResponsesOnAllGateways(t *testing.T) {
	server := redistest.Start(t)
	cfg := defaults()
	cfg.RedisURL = server.URL()
	src := newSource("1")
	pages := []*page{newPage(t, cfg, src, "a"), newPage(t, cfg, src, "a")}
	purger := onRedis(t, server.URL(), src)
	least := time.Hour
	for round := range 5 { // the machine may be busy: the best of five
		text := fmt.Sprint(round)
		src.says(text)
		eventually(t, "all gateways hear of each other", func() bool {
			return purger.Purge(t.Context(), "item:a") == nil && pages[0].ask(t.Context()) == text && pages[1].ask(t.Context()) == text
		})
		pages[0].want(t, text)
		next := text + " changed"
		src.says(next)
		purge(t, purger, "item:a")
		start := time.Now()
		eventually(t, "all gateways drop it", func() bool { return pages[0].ask(t.Context()) == next && pages[1].ask(t.Context()) == next })
		least = min(least, time.Since(start))
	}
	if least > 100*time.Millisecond { // the promised limit
		t.Errorf("it took %v", least)
	}
}

func TestAResponseOfWhatWasPurgedMeanwhileIsNotKept(t *testing.T) {
	src := newSource("1")
	p := newPage(t, defaults(), src, "a")
	purge := func() {
		if err := p.Purge(t.Context(), "item:a"); err != nil {
			t.Error(err)
		}
	}
	for when, set := range map[string]func(){
		"while an item is loaded": func() {
			src.set(func(s *source) { s.wait = func(context.Context, []string) error { purge(); return nil } })
		},
		"when it was loaded": func() { p.meanwhile = purge },
	} {
		purge()
		p.built = 0
		set()
		p.ask(t.Context())
		src.says("1")
		p.meanwhile = nil
		p.ask(t.Context())
		p.ask(t.Context())
		if p.built != 2 {
			t.Errorf("purged %s: built %d times, want 2: the first is not kept, the second is", when, p.built)
		}
	}
}

func TestAResponseIsFoundByWhatWasSaid(t *testing.T) {
	p := newPage(t, defaults(), newSource("1"), "a")
	said := cache.KeyOf("POST", []byte("give me a"))
	p.responses.Alias(said, p.key())
	if text, ok := p.responses.Recall(t.Context(), said); ok {
		t.Errorf("it recalls %q", text)
	}
	p.want(t, "1")
	if text, ok := p.responses.Recall(t.Context(), said); !ok || text != "1" {
		t.Errorf("it recalls %q", text)
	}
	if _, ok := p.responses.Recall(t.Context(), cache.KeyOf("GET", []byte("give me a"))); ok {
		t.Error("the same said in another language is something else")
	}
}

func TestResponsesKeepWithinTheirBounds(t *testing.T) {
	p := newPage(t, defaults(), newSource(strings.Repeat("x", 10<<10)), "")
	for n := range 200 {
		p.keys = []string{strings.Repeat("k", n+1)}
		p.ask(t.Context())
	}
	eventually(t, "some are evicted", func() bool { return p.figure(t, "cache_evictions_total", "response") > 60 })
	eventually(t, "the rest fits", func() bool {
		bytes, entries := p.figure(t, "cache_bytes", "response"), p.figure(t, "cache_entries", "response")
		return bytes > 1<<19 && bytes <= 1<<20 && entries > 40
	})
}

func TestWithoutABudgetNoResponseIsKept(t *testing.T) {
	g := newGateway(t, defaults(), newSource("1"))
	responses, err := cache.NewResponses[string](g.Cache, g.figures)
	if err != nil {
		t.Fatal(err)
	}
	key := cache.KeyOf("page", nil)
	if responses.Keep(context.Background(), key, cache.Response[string]{Life: report.Life{Until: time.Now().Add(time.Hour)}}) {
		t.Error("it says that it keeps one")
	}
	responses.Alias(key, key)
	_, got := responses.Get(t.Context(), key)
	_, recalled := responses.Recall(t.Context(), key)
	if got || recalled {
		t.Error("it has one")
	}
}
