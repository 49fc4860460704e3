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

// breakable is what the playground can inject faults into, in dev only.
type breakable struct {
	services map[string]string // base URLs of the services that take fault rules, by name
	redis    *faultpanel.Relay // nil without a Redis that a relay can be put in front of
}

// breakable puts a relay in front of Redis and returns it with the services' URLs.
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

// singleRedis parses the URL of a Redis that a relay can be put in front of: a single
// host without TLS, whose certificate would not match the relay.
func singleRedis(rawURL string) (*url.URL, bool) {
	u, err := url.Parse(rawURL)
	return u, err == nil && u.Scheme == "redis" && u.Host != "" && !strings.Contains(u.Host, ",")
}

// mount adds the fault panel to r, if there is one.
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
