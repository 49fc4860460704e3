package responsecache

import (
	"errors"

	"tributary/gateway/heap"
)

// Config has the settings of the response cache.
type Config struct {
	MaxMB int `name:"cache-response-mb" default:"64" help:"Maximum size of the whole responses in memory, in MiB. 0: responses are not cached."`
}

// Validate returns an error for a setting that cannot be used.
func (c Config) Validate() error {
	if c.MaxMB < 0 {
		return errors.New("cache-response-mb must not be negative")
	}
	return nil
}

// Budgets returns the memory that the settings permit. The size of the cache is an estimate
// of what it keeps alive, which is at most twice as much.
func (c Config) Budgets() []heap.Budget {
	return []heap.Budget{heap.InMiB("BFF_CACHE_RESPONSE_MB", c.MaxMB, 2)}
}

func (c Config) maxBytes() uint64 { return uint64(c.MaxMB) << 20 } //nolint:gosec // G115: Validate refuses negative sizes
