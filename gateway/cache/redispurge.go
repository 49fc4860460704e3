package cache

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// purgeChannel is where gateways tell each other what they purged.
	purgeChannel = keyPrefix + "~purges"
	// purgeCount is how many purges there were: a gateway that was cut off
	// sees by it that it missed some.
	purgeCount = keyPrefix + "~purged"

	purgeBudget = 5 * time.Second // of a purge, which may have to look at every key
	purgePage   = 1000            // how many keys are looked at in one go
)

// purgeNews is what is told on the channel.
type purgeNews struct {
	Count int64    `json:"count"`
	Tags  []string `json:"tags"`
}

// purge deletes what tags name and tells the other gateways. It tries even
// while Redis is not used.
func (s *Redis) purge(ctx context.Context, tags []string) error {
	ctx, cancel := context.WithTimeout(ctx, purgeBudget)
	defer cancel()
	count, err := s.countPurge(ctx)
	if err != nil {
		return err
	}
	if err := s.deleteTagged(ctx, tags); err != nil {
		return err
	}
	news, err := json.Marshal(purgeNews{count, tags})
	if err != nil {
		return err
	}
	return s.client.Publish(ctx, purgeChannel, news).Err()
}

// countPurge counts a purge. The count begins with the time, so that a Redis which
// has forgotten all does not come to a count that a gateway has seen before; what
// is no count is replaced.
func (s *Redis) countPurge(ctx context.Context) (int64, error) {
	now := time.Now().UnixMilli()
	pipe := s.client.Pipeline()
	pipe.SetNX(ctx, purgeCount, now, 0)
	count := pipe.Incr(ctx, purgeCount)
	_, err := pipe.Exec(ctx)
	if isGarbage(err) {
		return now, s.client.Set(ctx, purgeCount, now, 0).Err()
	}
	return count.Val(), err
}

// isGarbage tells whether Redis found something else under a key than what is kept there.
func isGarbage(err error) bool {
	return redis.HasErrorPrefix(err, "WRONGTYPE") || redis.HasErrorPrefix(err, "value is not an integer")
}

func (s *Redis) deleteTagged(ctx context.Context, tags []string) error {
	var keys []string
	for _, tag := range tags {
		switch {
		case tag == PurgeAll:
			return s.deleteMatching(ctx, keyPrefix+"[^~]*")
		case strings.Contains(tag, ":"):
			variants, err := s.client.SMembers(ctx, variantsOf(tag)).Result()
			if isGarbage(err) { // nobody knows which there are
				err = s.deleteMatching(ctx, keyPrefix+escapePattern(tag+variantMark)+"*")
			}
			if err != nil {
				return err
			}
			for _, v := range variants {
				keys = append(keys, keyPrefix+tag+variantMark+v)
			}
			keys = append(keys, keyPrefix+tag, variantsOf(tag))
		default:
			if err := s.deleteMatching(ctx, keyPrefix+escapePattern(tag)+":*"); err != nil {
				return err
			}
		}
	}
	return unlink(ctx, s.client, keys)
}

// deleteMatching looks at the keys of every server for those that match.
func (s *Redis) deleteMatching(ctx context.Context, pattern string) error {
	in := func(ctx context.Context, server *redis.Client) error {
		for cursor := uint64(0); ; {
			keys, next, err := server.Scan(ctx, cursor, pattern, purgePage).Result()
			if err != nil {
				return err
			}
			if err := unlink(ctx, server, keys); err != nil || next == 0 {
				return err
			}
			cursor = next
		}
	}
	switch client := s.client.(type) {
	case *redis.ClusterClient:
		return client.ForEachMaster(ctx, in)
	case *redis.Client:
		return in(ctx, client)
	}
	return nil
}

// unlink deletes keys one by one, in one round trip: in a cluster they may live
// anywhere.
func unlink(ctx context.Context, client redis.Cmdable, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	pipe := client.Pipeline()
	for _, key := range keys {
		pipe.Unlink(ctx, key)
	}
	_, err := pipe.Exec(ctx)
	return err
}

func escapePattern(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// listen calls forget with what other gateways purge, until ctx ends. Who may
// have missed something, having been cut off, forgets everything.
func (s *Redis) listen(ctx context.Context, forget func(tags []string)) {
	sub := s.client.Subscribe(ctx, purgeChannel)
	defer func() { _ = sub.Close() }() // it has nothing left to lose
	messages := sub.ChannelWithSubscriptions()
	seen := int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-messages:
			switch message := message.(type) {
			case *redis.Subscription: // also after every reconnection
				count, err := s.client.Get(ctx, purgeCount).Int64()
				if err == nil && count != seen {
					forget([]string{PurgeAll})
				}
				seen = count
			case *redis.Message:
				var news purgeNews
				if err := json.Unmarshal([]byte(message.Payload), &news); err == nil {
					forget(news.Tags)
					seen = max(seen, news.Count)
				}
			}
		}
	}
}
