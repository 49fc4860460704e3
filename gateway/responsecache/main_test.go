package responsecache_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/internal/testkit"
)

func TestMain(m *testing.M) {
	// The Redis client checks once a second whether a server that it could not dial
	// is back, and stops up to a second after it was closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

var (
	errRefused = &fault.Error{Kind: fault.Rejected, Service: "items", Status: 400}
	errRevoked = &fault.Error{Kind: fault.Rejected, Service: "items", Status: 403}
	errDown    = fault.New(fault.Unavailable, "items", nil)
)

// defaults returns settings of the entity cache, without refreshes of entries.
func defaults() entitycache.Config {
	return entitycache.Config{TTL: 30 * time.Second, StaleIfError: 10 * time.Minute, AbsentTTL: 5 * time.Second, MemoryMB: 16}
}

// item is an entity, the value of the source.
type item struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// source is an upstream that a test controls. It returns the current text for every key,
// and counts the calls for each key.
type source struct {
	mu     sync.Mutex
	text   string
	err    error
	wait   func(ctx context.Context, keys []string) error // called before it returns
	called map[string]int
}

func newSource(text string) *source { return &source{text: text, called: map[string]int{}} }

func (s *source) load(ctx context.Context, keys []string) (map[string]item, error) {
	s.mu.Lock()
	for _, key := range keys {
		s.called[key]++
	}
	wait := s.wait
	s.mu.Unlock()
	if wait != nil {
		if err := wait(ctx, keys); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	values := map[string]item{}
	for _, key := range keys {
		values[key] = item{key, s.text}
	}
	return values, nil
}

// set changes how the source behaves from now on.
func (s *source) set(change func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *source) says(text string) { s.set(func(s *source) { s.text, s.err, s.wait = text, nil, nil }) }
func (s *source) fails(err error)  { s.set(func(s *source) { s.err = err }) }

// calls returns how often a key was loaded.
func (s *source) calls(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.called[key]
}

// page builds a response from the texts of items and caches it.
type page struct {
	*entitycache.Cache

	load      batch.Func[string, item]
	registry  *prometheus.Registry
	responses *responsecache.Cache[string]
	keys      []string
	built     int
	meanwhile func() // called between loading the items and storing the page
}

func newPage(t testing.TB, cfg entitycache.Config, src *source, keys ...string) *page {
	t.Helper()
	p := &page{registry: prometheus.NewRegistry(), keys: keys}
	var err error
	if p.Cache, err = entitycache.New(cfg, slog.New(slog.DiscardHandler), p.registry); err != nil {
		t.Fatal(err)
	}
	p.load = entitycache.ReadThrough(p.Cache, entitycache.Kind{Name: "item", Service: "items"}, src.load)
	if p.responses, err = responsecache.New[string](responsecache.Config{MaxMB: 1}, responsecache.Deps{Entities: p.Cache, Metrics: p.registry}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func (p *page) close() {
	_ = p.Close()
	p.responses.Close()
}

func (p *page) key() responsecache.Key {
	return responsecache.NewKey("page", []byte(strings.Join(p.keys, " ")))
}

// ask returns the page from the cache, or builds it.
func (p *page) ask(ctx context.Context) string {
	if text, ok := p.responses.Get(ctx, p.key()); ok {
		return text
	}
	return p.build(ctx)
}

func (p *page) build(ctx context.Context) string {
	p.built++
	started := time.Now()
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
	p.responses.Set(context.Background(), p.key(), responsecache.Response[string]{
		Value: text, Size: len(text), StartedAt: started, Oldest: s.Oldest, Life: s.Life,
		Refresh: func(ctx context.Context) { p.build(ctx) },
	})
	return text
}

func (p *page) want(t *testing.T, text string) {
	t.Helper()
	if got := p.ask(t.Context()); got != text {
		t.Errorf("the page is %q, want %q", got, text)
	}
}

// metric returns the sum of a metric over all series with the given label values.
func (p *page) metric(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	sum, found := testkit.Metric(t, p.registry, name, labels...)
	if !found {
		t.Fatalf("there is no metric %s of %v", name, labels)
	}
	return sum
}
