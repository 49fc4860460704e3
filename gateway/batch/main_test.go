package batch_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tributary/gateway/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A recorder is an upstream whose value for each key is the key in brackets. It records
// the keys of every call.
type recorder struct {
	mu    sync.Mutex
	calls [][]string
}

func (r *recorder) load(_ context.Context, keys []string) (map[string]string, error) {
	sorted := slices.Sorted(slices.Values(keys))
	r.mu.Lock()
	r.calls = append(r.calls, sorted)
	r.mu.Unlock()
	values := map[string]string{}
	for _, key := range keys {
		values[key] = "<" + key + ">"
	}
	return values, nil
}

func (r *recorder) expect(t *testing.T, want ...[]string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.EqualFunc(r.calls, want, slices.Equal) {
		t.Errorf("calls %v, want %v", r.calls, want)
	}
}

func (r *recorder) loader(opts batch.Options) *batch.Loader[string, string] {
	return batch.NewLoader(r.load, opts)
}
