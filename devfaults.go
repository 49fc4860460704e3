package main

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"tributary/gateway/cache"
	"tributary/gateway/faultpanel"
	"tributary/gateway/httpserver"
	"tributary/services/orders"
	"tributary/services/products"
	"tributary/services/users"
)

// breakable is what the playground can break: in dev only.
type breakable struct {
	services map[string]string // where fault rules are taken, by service
	redis    *faultpanel.Relay // nil where there is no Redis, or one that cannot be stood before
}

// breakable puts a relay before Redis and says where the services take rules.
func (c *devCommand) breakable(ctx context.Context, addresses []string) (*breakable, error) {
	b := &breakable{services: map[string]string{
		users.Service: addresses[0], orders.Service: addresses[1], products.Service: addresses[2],
	}}
	u, single := singleRedis(c.Gateway.Cache.RedisURL)
	if !single {
		return b, nil
	}
	to := u.Host
	var err error
	if u.Port() == "" {
		to += ":6379"
	}
	if b.redis, err = faultpanel.NewRelay(ctx, to); err != nil {
		return nil, err
	}
	u.Host = b.redis.Addr()
	c.Gateway.Cache.RedisURL = u.String()
	return b, nil
}

// singleRedis reads the URL of a Redis that a relay can be put before: one
// host, and no TLS, whose certificate would name another.
func singleRedis(rawURL string) (*url.URL, bool) {
	u, err := url.Parse(rawURL)
	return u, err == nil && u.Scheme == "redis" && u.Host != "" && !strings.Contains(u.Host, ",")
}

// mount adds to r the panel by which the playground breaks things, if there is one.
func (b *breakable) mount(r httpserver.Router, store *cache.Cache, log *slog.Logger) error {
	if b == nil {
		return nil
	}
	forget := func(ctx context.Context) error { return store.Purge(ctx, cache.PurgeAll) }
	panel, err := faultpanel.New(b.services, b.redis, forget, log)
	if err == nil {
		r.Handle("/dev/*", panel)
	}
	return err
}

func (b *breakable) close() {
	if b.redis != nil {
		_ = b.redis.Close()
	}
}
