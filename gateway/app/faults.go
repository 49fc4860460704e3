package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/faultinject"
	"tributary/gateway/faultpanel"
	"tributary/gateway/httpserver"
)

// faults are what the playground can inject faults into, in dev only.
type faults struct {
	services map[string]*faultinject.Rules // by name
	redis    *faultpanel.TCPProxy          // nil without a Redis that a relay can be put in front of
}

// newFaults puts a relay in front of Redis and returns it with rules for each service.
func (c *devCommand) newFaults(ctx context.Context, services []Service) (*faults, error) {
	f := &faults{services: map[string]*faultinject.Rules{}}
	for _, s := range services {
		f.services[s.Name] = &faultinject.Rules{}
	}
	u, single := singleRedis(c.Gateway.Cache.RedisURL)
	if !single {
		return f, nil
	}
	to := u.Host
	var err error
	if u.Port() == "" {
		to += ":6379"
	}
	if f.redis, err = faultpanel.NewTCPProxy(ctx, to); err != nil {
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

// transport returns what applies the rules to the requests of a service, nil if there are
// none.
func (f *faults) transport() func(service, health string, next http.RoundTripper) http.RoundTripper {
	if f == nil {
		return nil
	}
	return func(service, health string, next http.RoundTripper) http.RoundTripper {
		return f.services[service].Transport(health, next)
	}
}

// mount adds what is below /dev to r: the fault panel and the costs of operations.
func (f *faults) mount(r httpserver.Router, graphql *engine.Engine, store *entitycache.Cache, log *slog.Logger) {
	if f == nil {
		return
	}
	forget := func(ctx context.Context) error { return store.Purge(ctx, entitycache.PurgeAll) }
	r.Handle("/dev/*", faultpanel.New(f.services, f.redis, forget, log))
	r.Method(http.MethodPost, "/dev/explain", http.NewCrossOriginProtection().Handler(explainHandler(graphql)))
}

func (f *faults) close() {
	if f.redis != nil {
		_ = f.redis.Close()
	}
}
