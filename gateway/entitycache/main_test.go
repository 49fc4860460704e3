package entitycache_test

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
	"tributary/internal/testkit"
)

func TestMain(m *testing.M) {
	// The Redis client checks once a second whether a server that it could not dial
	// is back, and stops up to a second after it was closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// subtest is the testing.T of a body that a helper runs in several environments.
type subtest struct{ *testing.T }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// defaults returns the default settings, with an hour as the time limit of loads.
func defaults() entitycache.Config {
	return entitycache.Config{TTL: 30 * time.Second, StaleIfError: 10 * time.Minute, AbsentTTL: 5 * time.Second, MemoryMB: 16}
}

// gateway is a cache of one kind over a source, with its metrics.
type gateway struct {
	*entitycache.Cache
	load    batch.Func[string, item]
	figures *prometheus.Registry
}

// item is a value of the source.
type item struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

var items = entitycache.Kind{Name: "item", Service: "items"}

func newGateway(t testing.TB, cfg entitycache.Config, src *source) *gateway {
	t.Helper()
	g := &gateway{figures: prometheus.NewRegistry()}
	var err error
	if g.Cache, err = entitycache.New(cfg, quiet(), g.figures); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	g.load = entitycache.ReadThrough(g.Cache, items, src.load)
	return g
}

// get loads one key; ok is false if the source does not know it.
func (g *gateway) get(ctx context.Context, key string) (text string, ok bool, err error) {
	values, err := g.load(ctx, []string{key})
	v, ok := values[key]
	return v.Text, ok, batch.ErrorOf(err, key)
}

// want fails the test unless the value of key is text.
func (g *gateway) want(t testing.TB, key, text string) {
	t.Helper()
	switch got, ok, err := g.get(t.Context(), key); {
	case err != nil:
		t.Errorf("%s: %v", key, err)
	case !ok:
		t.Errorf("%s: nothing, want %q", key, text)
	case got != text:
		t.Errorf("%s: %q, want %q", key, got, text)
	}
}

// figure returns the sum of a metric over all series with the given label values.
func (g *gateway) figure(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	sum, found := testkit.Metric(t, g.figures, name, labels...)
	if !found {
		t.Fatalf("there is no metric %s of %v", name, labels)
	}
	return sum
}

// source is an upstream that a test controls. It returns the current text for every key
// that it knows, and counts the calls for each key.
type source struct {
	mu      sync.Mutex
	text    string
	unknown map[string]bool
	err     error
	wait    func(ctx context.Context, keys []string) error // called before it returns
	asked   map[string]int
	calls   int
}

func newSource(text string) *source {
	return &source{text: text, unknown: map[string]bool{}, asked: map[string]int{}}
}

func (s *source) load(ctx context.Context, keys []string) (map[string]item, error) {
	s.mu.Lock()
	s.calls++
	for _, key := range keys {
		s.asked[key]++
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
		if !s.unknown[key] {
			values[key] = item{key, s.text}
		}
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

// count returns how often a key was loaded.
func (s *source) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[key]
}

// wantAsked fails the test unless a key was loaded want times so far.
func (s *source) wantAsked(t testing.TB, key string, want int) {
	t.Helper()
	if got := s.count(key); got != want {
		t.Errorf("the upstream was asked for %s %d times, want %d", key, got, want)
	}
}

// hang makes the source block until the load is cancelled or release is called.
func (s *source) hang() (release func()) {
	released := make(chan struct{})
	s.set(func(s *source) {
		s.wait = func(ctx context.Context, _ []string) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-released:
				return nil
			}
		}
	})
	return sync.OnceFunc(func() { close(released) })
}

// eventually waits until ok returns true, and fails the test if that takes longer than a
// busy machine can explain.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	testkit.WaitFor(t, what, ok)
}

// wantNamed fails the test unless New rejects cfg with an error that has the name of the
// setting and no secret.
func wantNamed(t *testing.T, cfg entitycache.Config, setting string) {
	t.Helper()
	_, err := entitycache.New(cfg, quiet(), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), setting) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%s: got %v", setting, err)
	}
}
