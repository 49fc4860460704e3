package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// The life of a key set:
//
//	none ──fetched──▶ current ──every 10 minutes: fetched──▶ current (keys it lacks stop)
//	                     │
//	                     └─ cannot be fetched ─▶ the last one serves, up to 24 hours ─▶ none
//
// A token with an unknown key asks for a fetch as well, at most one in 10 seconds.
const (
	refreshEvery = 10 * time.Minute // after a fetch that succeeded
	fetchSpacing = 10 * time.Second // between the starts of two fetches, whatever causes them
	fetchTimeout = 5 * time.Second
	waitForFetch = time.Second // how long a request waits for a fetch
	keysServe    = 24 * time.Hour
)

// source reads a JWK set. It is called by one goroutine at a time.
type source func(context.Context) ([]byte, error)

// keys is the key set of an identity provider. It is safe for concurrent use.
type keys struct {
	source  source
	log     *slog.Logger
	metrics *metrics

	mu       sync.Mutex
	current  []publicKey   // nil until the first fetch
	fetched  time.Time     // when current was
	started  time.Time     // when the last fetch was started
	fetching chan struct{} // closed when the fetch under way has ended; nil if there is none
	failed   error         // of the last fetch

	closed context.Context //nolint:containedctx // ends with the key set
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// newKeys starts to fetch the set, and to refresh it until close is called.
func newKeys(from source, log *slog.Logger, m *metrics) *keys {
	k := &keys{source: from, log: log, metrics: m}
	k.closed, k.cancel = context.WithCancel(context.Background())
	k.work.Go(k.refresh)
	return k
}

// close ends the refreshes and waits for the fetch under way.
func (k *keys) close() {
	k.mu.Lock()
	k.cancel()
	k.mu.Unlock()
	k.work.Wait()
}

func (k *keys) refresh() {
	for k.closed.Err() == nil {
		k.mu.Lock()
		pending := k.fetch()
		k.mu.Unlock()
		if pending != nil {
			<-pending
		}
		select {
		case <-time.After(k.untilRefresh()):
		case <-k.closed.Done():
		}
	}
}

func (k *keys) untilRefresh() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed != nil {
		return fetchSpacing
	}
	return refreshEvery
}

// errNoKeys is the error while there is no key set to verify a token with.
var errNoKeys = errors.New("there is no key set to verify tokens with")

// find returns the keys that may have signed a token with the given header parameters,
// none if no such key is known. It waits for a fetch only if the present keys do not
// serve the token.
func (k *keys) find(ctx context.Context, kid, alg string) ([]publicKey, error) {
	k.mu.Lock()
	found, err := k.matching(kid, alg)
	var pending <-chan struct{}
	if len(found) == 0 {
		pending = k.fetch()
	}
	k.mu.Unlock()
	if pending == nil {
		return found, err
	}
	patience := time.NewTimer(waitForFetch)
	defer patience.Stop()
	select {
	case <-pending:
	case <-patience.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.matching(kid, alg)
}

// matching returns the keys for a token among the present ones. The caller holds mu.
func (k *keys) matching(kid, alg string) (found []publicKey, err error) {
	if k.current == nil || time.Since(k.fetched) > keysServe {
		return nil, errNoKeys
	}
	for _, key := range k.current {
		if key.verifies(kid, alg) {
			found = append(found, key)
		}
	}
	return found, nil
}

// fetch returns the fetch under way, or starts one, or returns nil because the last one
// was started too recently. The caller holds mu.
func (k *keys) fetch() <-chan struct{} {
	if k.fetching != nil {
		return k.fetching
	}
	if now := time.Now(); k.closed.Err() != nil || (!k.started.IsZero() && now.Sub(k.started) < fetchSpacing) {
		return nil
	}
	k.started = time.Now()
	done := make(chan struct{})
	k.fetching = done
	k.work.Go(func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(k.closed, fetchTimeout)
		defer cancel()
		text, err := k.source(ctx)
		var set []publicKey
		if err == nil {
			set, err = parseKeys(text)
		}
		k.replace(ctx, set, err)
	})
	return done
}

// replace ends the fetch under way.
func (k *keys) replace(ctx context.Context, set []publicKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fetching = nil
	if k.closed.Err() != nil {
		return
	}
	k.metrics.fetched(err)
	switch {
	case err != nil:
		k.log.WarnContext(ctx, "the key set of the identity provider could not be fetched", "error", err.Error())
	case k.failed != nil:
		k.log.InfoContext(ctx, "the key set of the identity provider is fetched again", "keys", len(set))
	}
	if k.failed = err; err == nil {
		k.current, k.fetched = set, time.Now()
	}
}

// age returns the time since the present set was fetched, and an error if there is none
// to verify tokens with.
func (k *keys) age() (time.Duration, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := time.Since(k.fetched)
	if k.current == nil || age > keysServe {
		return 0, errNoKeys
	}
	return age, nil
}

// lastFailed reports whether the last fetch failed.
func (k *keys) lastFailed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed != nil
}
