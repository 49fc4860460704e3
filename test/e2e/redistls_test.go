package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// Gateways share entries through a Redis with TLS if they trust its certificate, and continue
// without Redis otherwise.
func TestRedisTLS_Certificate(t *testing.T) {
	t.Parallel()
	redis := redistest.StartTLS(t)
	args := append(over(upstreamtest.New(t, upstreamtest.NewData(10_000, 1, 1, 10))), "--drain-delay=0s", "--redis-url="+redis.URL())
	trusting := []string{"SSL_CERT_FILE=" + redis.Certificate}
	one, two := startGatewayIn(t, trusting, testkit.KeepAddr(t), args...), startGatewayIn(t, trusting, testkit.KeepAddr(t), args...)
	doubting := startGatewayIn(t, nil, testkit.KeepAddr(t), args...)
	const hits, healthy = `cache_hits_total{cache_type="redis"}`, `"cache":{"type":"redis","status":"healthy"}`
	user := 0
	waitFor(t, func() bool { // what can't be written at once is not written
		user++
		for _, p := range []*program{one, two, doubting} {
			p.wantProfile(user)
		}
		return two.figure(http.DefaultClient, hits) > 0
	})
	if health := two.health(); !strings.Contains(health, healthy) {
		t.Error(health)
	}
	if n, health := doubting.figure(http.DefaultClient, hits), doubting.health(); n != 0 || strings.Contains(health, healthy) {
		t.Errorf("content with a Redis that it does not trust: %v hits, %s", n, health)
	}
}

func (p *program) wantProfile(user int) {
	p.t.Helper()
	status, body := get(p.t, http.DefaultClient, fmt.Sprintf("%s/api/profile/u%d", p.url, user))
	if status != http.StatusOK || !strings.Contains(body, `"degraded":[]`) {
		p.t.Errorf("%d %s", status, body)
	}
}

func (p *program) health() string {
	p.t.Helper()
	_, body := get(p.t, http.DefaultClient, p.url+"/health")
	return body
}
