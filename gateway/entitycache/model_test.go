package entitycache_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/report"
)

// step is one event of a scenario.
type step struct {
	Do   string
	Keys []string
	Wait time.Duration
}

func someKeys() *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID[string])
}

func steps(things ...string) *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			Do:   rapid.SampledFrom(things).Draw(t, "do"),
			Keys: someKeys().Draw(t, "keys"),
			Wait: rapid.OneOf(
				rapid.SampledFrom([]time.Duration{0, time.Millisecond, 100 * time.Millisecond, 3 * time.Second, 5 * time.Second, 24 * time.Second, 30 * time.Second, 10 * time.Minute}),
				rapid.Map(rapid.IntRange(0, 60_000), func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }),
			).Draw(t, "wait"),
		}
	}), 1, 60)
}

// Whatever is loaded, fails, hangs, is deleted or purged, and however much time
// passes in between, the promises of docs/caching.md hold.
func TestModel_RandomOperations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := defaults()
		cfg.LoadTimeout = modelLoadTimeout
		cfg.RefreshAhead = rapid.Bool().Draw(rt, "refresh ahead")
		cfg.SoftTimeout = rapid.SampledFrom([]time.Duration{0, 100 * time.Millisecond}).Draw(rt, "patience")
		cfg.TTL = rapid.SampledFrom([]time.Duration{30 * time.Second, 2 * time.Second}).Draw(rt, "ttl")
		cfg.AbsentTTL = rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(rt, "absent ttl")
		what := steps("get", "get", "get", "wait", "works", "fails", "hangs", "refuses", "revokes", "pages", "delete", "purge").Draw(rt, "steps")
		var broken error
		synctest.Test(t, func(*testing.T) { broken = runModel(cfg, what) })
		if broken != nil {
			rt.Fatal(broken)
		}
	})
}

const modelLoadTimeout = 5 * time.Second

// answer is the last response of the model's source for a key.
type answer struct {
	text   string
	absent bool
	at     time.Time
}

// model is a source, and a model of what a cache over it may serve.
type model struct {
	cfg entitycache.Config

	mu      sync.Mutex // loads that hang end concurrently with the steps
	mode    string
	deleted map[string]bool
	last    map[string]answer
	hung    map[string]time.Time // until when a load of the key hangs
	answers int
}

func runModel(cfg entitycache.Config, what []step) error {
	m := &model{cfg: cfg, mode: "works", deleted: map[string]bool{}, last: map[string]answer{}, hung: map[string]time.Time{}}
	c, err := entitycache.New(cfg, quiet(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer c.Close()
	load := entitycache.ReadThrough(c, items, m.load)
	for n, s := range what {
		if err := m.do(c, load, s); err != nil {
			return fmt.Errorf("step %d, %+v: %w", n, s, err)
		}
		synctest.Wait()
		time.Sleep(time.Nanosecond)
	}
	return nil
}

func (m *model) do(c *entitycache.Cache, load batch.Func[string, item], s step) error {
	switch s.Do {
	case "wait":
		time.Sleep(s.Wait)
		return nil
	case "get":
		return m.get(load, s.Keys)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch s.Do {
	case "delete":
		m.deleted[s.Keys[0]] = !m.deleted[s.Keys[0]]
	case "purge":
		for _, key := range s.Keys {
			delete(m.last, key)
			delete(m.hung, key)
			if err := c.Purge(context.Background(), "item:"+key); err != nil {
				return err
			}
		}
	default:
		m.mode = s.Do
	}
	return nil
}

// load is the batch.Func of the source.
func (m *model) load(ctx context.Context, keys []string) (map[string]item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.mode {
	case "fails":
		return nil, errDown
	case "refuses":
		return nil, errRefused
	case "revokes":
		for _, key := range keys {
			delete(m.last, key)
		}
		return nil, errRevoked
	case "pages":
		for _, key := range keys {
			if !m.knows(key) {
				m.last[key] = answer{absent: true, at: time.Now()}
			}
		}
		return nil, errPage
	case "hangs":
		for _, key := range keys {
			m.hung[key] = time.Now().Add(modelLoadTimeout)
		}
		m.mu.Unlock()
		<-ctx.Done()
		m.mu.Lock()
		return nil, context.Cause(ctx)
	}
	values := map[string]item{}
	for _, key := range keys {
		m.answers++
		a := answer{fmt.Sprint(key, m.answers), m.deleted[key], time.Now()}
		m.last[key] = a
		if !a.absent {
			values[key] = item{key, a.text}
		}
	}
	return values, nil
}

func (m *model) get(load batch.Func[string, item], keys []string) error {
	m.mu.Lock()
	source, before := map[string]string{}, maps.Clone(m.last)
	for _, key := range keys {
		source[key] = m.stateFor(key)
	}
	m.mu.Unlock()
	asked := time.Now()
	ctx, r := report.With(context.Background())
	values, err := load(ctx, keys)
	overdue := map[string]bool{}
	for _, use := range r.Overdue(time.Now()) {
		overdue[use.Name] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	marked := len(r.Summary().Degraded) > 0
	for _, key := range keys {
		v, ok := values[key]
		got := outcome{v.Text, ok, batch.ErrorOf(err, key), marked, overdue["item:"+key], asked}
		wrong := m.wrong(m.last, key, got, source[key])
		if wrong != "" && m.wrong(before, key, got, source[key]) != "" { // a refresh may have replaced the entry just now
			return fmt.Errorf("%s: got %q (%v), %s", key, v.Text, ok, wrong)
		}
	}
	return nil
}

// knows reports whether there is an entry for key that may be served in a failure.
func (m *model) knows(key string) bool {
	last, known := m.last[key]
	return known && !last.absent && time.Since(last.at) < m.cfg.TTL+m.cfg.StaleIfError
}

// stateFor returns what a load of key that is made or joined now meets: a source that
// works, fails or refuses.
func (m *model) stateFor(key string) string {
	switch {
	case time.Now().Before(m.hung[key]), m.mode == "hangs", m.mode == "pages" && m.knows(key):
		return "fails"
	case m.mode == "revokes":
		return "refuses"
	case m.mode == "pages":
		return "works"
	}
	return m.mode
}

// outcome is what was served for a key.
type outcome struct {
	text    string
	ok      bool
	err     error
	marked  bool // the report had something stale
	overdue bool // it expired before the last of the keys was loaded
	asked   time.Time
}

// wrong compares what was served with the source's last response, and returns a
// description of the broken promise, or "".
func (m *model) wrong(said map[string]answer, key string, got outcome, source string) string {
	last, known := said[key]
	age, absentTTL := time.Since(last.at), min(m.cfg.AbsentTTL, m.cfg.TTL)
	fresh := age < m.cfg.TTL || got.overdue && got.asked.Sub(last.at) < m.cfg.TTL
	standsIn := known && !last.absent && age < m.cfg.TTL+m.cfg.StaleIfError
	isNone := known && last.absent && (age < absentTTL || age == 0 || got.overdue && got.asked.Sub(last.at) < absentTTL)
	failing := source == "fails"
	switch {
	case got.err != nil && source == "works":
		return fmt.Sprintf("an error while the source works: %v", got.err)
	case got.err != nil && standsIn && (failing || fresh):
		return fmt.Sprintf("an error while there is an answer %v old: %v", age, got.err)
	case got.err == nil && !got.ok && !isNone:
		return fmt.Sprintf("nothing, when the source said %+v, %v ago", last, age)
	case !got.ok:
		return ""
	case !known || last.absent || got.text != last.text:
		return fmt.Sprintf("not what the source said last: %+v", last)
	// Freshness is decided when a value is read. A caller that then waited for
	// other keys finds it overdue in the report, and may load it again.
	case fresh, failing && standsIn && got.marked:
		return ""
	}
	return fmt.Sprintf("it is %v old (source: %s, marked: %v)", age, source, got.marked)
}

// Whatever Redis does, no request fails, and a gateway never serves again what it has
// purged.
func TestModel_RedisFaults(t *testing.T) {
	mini := newMini(t)
	rapid.Check(t, func(rt *rapid.T) {
		mini.SetError("")
		mini.FlushAll()
		src := newSource("0")
		var gateways []*gateway
		for range 2 {
			g := onRedis(t, "redis://"+mini.Addr(), src)
			rt.Cleanup(func() { _ = g.Close() })
			gateways = append(gateways, g)
		}
		least := map[string]int{} // by gateway and key: the lowest version that it may serve
		version := 0
		for n, s := range steps("get", "get", "change", "purge", "refuse", "work", "flush", "junk").Draw(rt, "steps") {
			which := n % len(gateways)
			g := gateways[which]
			switch s.Do {
			case "get":
				for _, key := range s.Keys {
					text, ok, err := g.get(context.Background(), key)
					var got int
					if _, e := fmt.Sscan(text, &got); !ok || err != nil || e != nil || got < least[fmt.Sprint(which, key)] {
						rt.Fatalf("step %d: gateway %d gives %q of %s (%v, %v), it is to be %d or later", n, which, text, key, ok, err, least[fmt.Sprint(which, key)])
					}
				}
			case "change":
				version++
				src.says(fmt.Sprint(version))
			case "purge":
				_ = g.Purge(context.Background(), "item:"+s.Keys[0]) // an error if it did not reach Redis
				least[fmt.Sprint(which, s.Keys[0])] = version
			case "refuse":
				mini.SetError("LOADING Redis is loading the dataset in memory")
			case "work":
				mini.SetError("")
			case "flush":
				mini.FlushAll()
			case "junk":
				for _, key := range mini.Keys() {
					_ = mini.Set(key, "junk")
				}
			}
		}
	})
}
