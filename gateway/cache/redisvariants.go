package cache

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// variantsHold is how long at least it is remembered which variants a key has.
const variantsHold = 24 * time.Hour

// variantsOf is where the variants of a name are noted, for a purge to find them.
func variantsOf(name string) string { return keyPrefix + "~variants:" + name }

// noteVariant notes the variant of a key that is kept for left.
func noteVariant(ctx context.Context, pipe redis.Pipeliner, key string, left time.Duration) {
	name, variant, marked := strings.Cut(key, variantMark)
	if !marked {
		return
	}
	pipe.SAdd(ctx, variantsOf(name), variant)
	pipe.Expire(ctx, variantsOf(name), max(left, variantsHold))
}
