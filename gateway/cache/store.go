package cache

import "context"

// A Store keeps entries by key, at most until they expire. It is safe for concurrent use.
type Store interface {
	// Get returns the usable entries of keys. If it returns an error as well, entries
	// may be missing.
	Get(ctx context.Context, keys []string) (map[string]*Entry, error)
	// Set stores entries, except expired ones.
	Set(ctx context.Context, entries map[string]*Entry) error
	// Delete removes the entries of keys.
	Delete(ctx context.Context, keys []string) error
}
