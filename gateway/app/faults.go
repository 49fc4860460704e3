package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"tributary/gateway/cache"
	"tributary/gateway/faultpanel"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/httpserver"
)

// faults are what the playground can inject faults into, in dev only.
type faults struct {
	services map[string]string // base URLs of the services that take fault rules, by name
	redis    *faultpanel.Relay // nil without a Redis that a relay can be put in front of
}

// newFaults puts a relay in front of Redis and returns it with the services' URLs.
func (c *devCommand) newFaults(ctx context.Context, services map[string]string) (*faults, error) {
	f := &faults{services: services}
	u, single := singleRedis(c.Gateway.Cache.RedisURL)
	if !single {
		return f, nil
	}
	to := u.Host
	var err error
	if u.Port() == "" {
		to += ":6379"
	}
	if f.redis, err = faultpanel.NewRelay(ctx, to); err != nil {
		return nil, err
	}
	u.Host = f.redis.Addr()
	c.Gateway.Cache.RedisURL = u.String()
	return f, nil
}

// singleRedis parses the URL of a Redis that a relay can be put in front of: a single
// host without TLS, whose certificate would not match the relay.
func singleRedis(rawURL string) (*url.URL, bool) {
	u, err := url.Parse(rawURL)
	return u, err == nil && u.Scheme == "redis" && u.Host != "" && !strings.Contains(u.Host, ",")
}

// mount adds what is below /dev to r: the fault panel and the costs of operations.
func (f *faults) mount(r httpserver.Router, graphql *graphqlserver.Server, store *cache.Cache, log *slog.Logger) error {
	if f == nil {
		return nil
	}
	forget := func(ctx context.Context) error { return store.Purge(ctx, cache.PurgeAll) }
	panel, err := faultpanel.New(f.services, f.redis, forget, log)
	if err == nil {
		r.Handle("/dev/*", panel)
		r.Method(http.MethodPost, "/dev/explain", http.NewCrossOriginProtection().Handler(explainHandler(graphql)))
	}
	return err
}

func (f *faults) close() {
	if f.redis != nil {
		_ = f.redis.Close()
	}
}
