package cache

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// variantsHold is the minimum time for which the variants of a key are remembered.
const variantsHold = 24 * time.Hour

// variantsOf returns the key of the set of a name's variants, by which a purge finds them.
func variantsOf(name string) string { return keyPrefix + "~variants:" + name }

// noteVariant adds the command that records the variant of a key which expires in left.
func noteVariant(ctx context.Context, pipe redis.Pipeliner, key string, left time.Duration) {
	name, variant, marked := strings.Cut(key, variantMark)
	if !marked {
		return
	}
	pipe.SAdd(ctx, variantsOf(name), variant)
	pipe.Expire(ctx, variantsOf(name), max(left, variantsHold))
}
