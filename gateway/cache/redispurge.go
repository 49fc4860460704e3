package cache

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// purgeChannel is the channel on which gateways publish their purges.
	purgeChannel = keyPrefix + "~purges"
	// purgeCount is the key of the number of purges. By it a gateway that was
	// disconnected detects that it missed some.
	purgeCount = keyPrefix + "~purged"

	purgeBudget = 5 * time.Second // for a purge, which may have to scan all keys
	purgePage   = 1000            // keys per SCAN
)

// purgeNews is a message on the channel.
type purgeNews struct {
	Count int64    `json:"count"`
	Tags  []string `json:"tags"`
}

// purge deletes the entries of tags and notifies the other gateways. It bypasses the
// breaker.
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

// countPurge increments the number of purges. It starts at the current time, so that a
// Redis that has lost its data does not reuse a number. A value that is not a number is
// replaced.
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

// isGarbage reports whether Redis found a value of an unexpected type or format under a
// key.
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
			if isGarbage(err) { // the variants are unknown
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

// deleteMatching scans the keys of every server and deletes those that match.
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

// unlink deletes keys in one round trip, with a command for each, because in a cluster
// they may be on different servers.
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

// listen calls forget with the tags that other gateways purge, until ctx ends. If it may
// have missed a purge because it was disconnected, it forgets everything.
func (s *Redis) listen(ctx context.Context, forget func(tags []string)) {
	sub := s.client.Subscribe(ctx, purgeChannel)
	defer func() { _ = sub.Close() }() // nothing depends on its error
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
