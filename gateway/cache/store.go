package cache

import "context"

// A Store has entries by key, at most until they expire. It is safe for concurrent use.
type Store interface {
	// Get gives those of keys that it has and that are usable. Entries may
	// come together with an error, which says that there could be more.
	Get(ctx context.Context, keys []string) (map[string]*Entry, error)
	// Set keeps entries, those with no time left excepted.
	Set(ctx context.Context, entries map[string]*Entry) error
	// Delete forgets keys.
	Delete(ctx context.Context, keys []string) error
}
