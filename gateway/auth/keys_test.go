package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// fakeProvider is a source of key sets. The time of a synctest bubble is its time.
type fakeProvider struct {
	mu      sync.Mutex
	kids    []string
	err     error
	delay   time.Duration
	fetches []time.Time
}

func (p *fakeProvider) fetch(ctx context.Context) ([]byte, error) {
	p.mu.Lock()
	p.fetches = append(p.fetches, time.Now())
	kids, err, delay := p.kids, p.err, p.delay
	p.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, kid := range kids {
		public := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
		keys = append(keys, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, kid, base64.RawURLEncoding.EncodeToString(public)))
	}
	return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`), nil
}

func (p *fakeProvider) set(kids []string, err error, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kids, p.err, p.delay = kids, err, delay
}

func (p *fakeProvider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.fetches)
}

// bubble runs a test with a key set of p in a synctest bubble.
func bubble(t *testing.T, p *fakeProvider, test func(t *testing.T, k *keys)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(p.fetch, slog.New(slog.DiscardHandler), newMetrics(prometheus.NewRegistry()))
		defer k.close()
		synctest.Wait()
		test(t, k)
		for i := range p.fetches[1:] {
			if apart := p.fetches[i+1].Sub(p.fetches[i]); apart < fetchSpacing {
				t.Errorf("two fetches %s apart", apart)
			}
		}
	})
}

func knows(t *testing.T, k *keys, kid string) bool {
	t.Helper()
	start := time.Now()
	found, err := k.find(t.Context(), kid, "EdDSA")
	if took := time.Since(start); took > waitForFetch {
		t.Errorf("waited %s", took)
	}
	if err != nil && !errors.Is(err, errNoKeys) {
		t.Error(err)
	}
	return len(found) > 0
}

var errDown = errors.New("down")

func TestKeys_UnknownFetchedOnce(t *testing.T) {
	p := &fakeProvider{kids: []string{"a"}}
	bubble(t, p, func(t *testing.T, k *keys) {
		t.Helper()
		for i := range 10_000 {
			if knows(t, k, fmt.Sprint(i)) {
				t.Fatal("found")
			}
		}
		if n := p.count(); n != 1 {
			t.Errorf("%d fetches in the first 10 s", n)
		}
		time.Sleep(fetchSpacing)
		p.set([]string{"a", "b"}, nil, 100*time.Millisecond)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if !knows(t, k, "b") {
					t.Error("a rotated key is not found")
				}
			})
		}
		all.Wait()
		if n := p.count(); n != 2 {
			t.Errorf("%d fetches after the rotation", n)
		}
	})
}

func TestKeys_ProviderSlow(t *testing.T) {
	p := &fakeProvider{kids: []string{"a"}}
	bubble(t, p, func(t *testing.T, k *keys) {
		t.Helper()
		time.Sleep(fetchSpacing)
		p.set([]string{"a", "b"}, nil, 3*time.Second)
		if knows(t, k, "b") { // waits a second
			t.Error("found before it was fetched")
		}
		if !knows(t, k, "a") {
			t.Error("a known key waits for a fetch")
		}
		time.Sleep(3 * time.Second)
		if !knows(t, k, "b") {
			t.Error("not found after the fetch")
		}
	})
}

func TestKeys_ProviderGone(t *testing.T) {
	p := &fakeProvider{kids: []string{"a"}}
	bubble(t, p, func(t *testing.T, k *keys) {
		t.Helper()
		a := &Authenticator{keys: k}
		if s := a.KeySet(); !s.Usable || s.Failed {
			t.Errorf("at first: %+v", s)
		}
		p.set(nil, errDown, 0)
		time.Sleep(keysServe)
		if s := a.KeySet(); !s.Usable || !s.Failed || s.Age != keysServe {
			t.Errorf("after 24 hours: %+v", s)
		}
		if !knows(t, k, "a") {
			t.Error("the last set does not serve for 24 hours")
		}
		time.Sleep(time.Minute)
		if _, err := k.find(t.Context(), "a", "EdDSA"); !errors.Is(err, errNoKeys) {
			t.Errorf("after 24 hours: %v", err)
		}
		if s := a.KeySet(); s.Usable || !s.Failed {
			t.Errorf("after more than 24 hours: %+v", s)
		}
		p.set([]string{"a"}, nil, 0)
		time.Sleep(fetchSpacing + time.Second)
		if !knows(t, k, "a") {
			t.Error("not found after the provider came back")
		}
	})
}

func TestKeys_NeverFetched(t *testing.T) {
	p := &fakeProvider{err: errDown}
	bubble(t, p, func(t *testing.T, k *keys) {
		t.Helper()
		if _, err := k.find(t.Context(), "a", "EdDSA"); !errors.Is(err, errNoKeys) {
			t.Error(err)
		}
		p.set([]string{"a"}, nil, 0)
		time.Sleep(fetchSpacing + time.Second)
		if !knows(t, k, "a") {
			t.Error("not found after the provider came up")
		}
	})
}

func TestKeys_Rotated(t *testing.T) {
	p := &fakeProvider{kids: []string{"a"}}
	bubble(t, p, func(t *testing.T, k *keys) {
		t.Helper()
		p.set([]string{"b"}, nil, 0)
		time.Sleep(refreshEvery + time.Second)
		if knows(t, k, "a") || !knows(t, k, "b") {
			t.Error("the set was not replaced after 10 minutes")
		}
		p.set(nil, nil, 0) // a set without keys is an error, not a revocation of all
		time.Sleep(refreshEvery + time.Second)
		if !knows(t, k, "b") {
			t.Error("an empty set replaced the last one")
		}
	})
}
