package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/auth/authtest"
	"tributary/gateway/entitycache/redistest"
	"tributary/gateway/internal/testgraph"
	"tributary/gateway/telemetry"
	"tributary/internal/testkit"
)

// TestViewers_Interleaved sends 10,000 reads of the same few authors by two viewers and anonymous clients,
// concurrently, while the service fails now and then and entries go stale within
// milliseconds: each sees its own watermarks alone. Under the race detector it sends 1,000.
func TestViewers_Interleaved(t *testing.T) {
	reads := 10_000
	if testkit.Sampled() {
		reads = 1000
	}
	p := authtest.New(t)
	var calls atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%7 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"seen by <%s>"}`, strings.TrimPrefix(r.URL.Path, "/authors/"), r.Header.Get("X-User-Id"))
	}))
	defer service.Close()
	redis := redistest.Start(t)
	var gateways [2]http.Handler
	for i := range gateways {
		gateways[i], _ = assemble(t, map[string]string{testgraph.Authors: service.URL, testgraph.Books: service.URL}, silent, func(cfg *gatewayConfig) {
			cfg.Auth, cfg.Forward.Claims, cfg.Cache.RedisURL = p.Config(), []string{"sub:X-User-Id@authors"}, redis.URL()
			cfg.Cache.TTL, cfg.Cache.StaleIfError = 20*time.Millisecond, time.Minute
		})
	}
	authorizations := map[string]string{"v1": "Bearer " + p.Token(t, "v1", nil), "v2": "Bearer " + p.Token(t, "v2", nil), "": ""}
	for _, gateway := range gateways {
		askAs(gateway, http.MethodPost, "/graphql", helloQuery, authorizations["v1"]) // which waits for the keys
	}
	var all sync.WaitGroup
	var seen atomic.Int64
	for viewer, authorization := range authorizations {
		for worker := range 4 {
			all.Go(func() {
				for i := range reads / 12 {
					id := fmt.Sprint("a", (i+worker)%3)
					method, target, body := http.MethodPost, "/graphql", `{"query":"{ author(id: \"`+id+`\") { name } }"}`
					if i%3 == 0 {
						method, target, body = http.MethodGet, "/api/authors/"+id, ""
					}
					var given []string
					if authorization != "" {
						given = []string{authorization}
					}
					got := askAs(gateways[(i+worker)%2], method, target, body, given...).Body.String()
					own := strings.Count(got, "seen by \\u003c"+viewer+"\\u003e") + strings.Count(got, "seen by <"+viewer+">")
					if strings.Count(got, "seen by") != own {
						t.Errorf("%q is answered %s", viewer, got)
						return
					}
					seen.Add(int64(own))
				}
			})
		}
	}
	all.Wait()
	if seen.Load() < int64(reads/2) || calls.Load() < 20 {
		t.Errorf("%d watermarks, %d calls: nothing was tried", seen.Load(), calls.Load())
	}
}

// TestViewers_TokenIsToldNowhere sends tokens of all kinds, one with a marker in each part
// and one as an operator would mistype it, and looks for them in all that is told.
func TestViewers_TokenIsToldNowhere(t *testing.T) {
	p := authtest.New(t)
	var log bytes.Buffer
	var mu sync.Mutex
	up := testgraph.Start(t)
	handler, _ := assemble(t, up.URLs, func(telemetry.LogConfig) *slog.Logger {
		return slog.New(slog.NewJSONHandler(lockedWriter{&mu, &log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, func(cfg *gatewayConfig) { cfg.Auth, cfg.GraphQL.Batching = p.Config(), 4 })
	server := httptest.NewServer(handler)
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	marked := map[string]any{"marker": "m4rk3r"}
	tokens := []string{
		p.Token(t, "v1", marked), p.TokenOf(t, "m4rk3r", "v1", marked), p.Token(t, "v1", map[string]any{"exp": 1, "marker": "m4rk3r"}),
		p.Token(t, "v1", map[string]any{"aud": "m4rk3r"}), p.Token(t, "v1", map[string]any{"exp": "m4rk3r"}), "m4rk3r", "m4rk3r.m4rk3r.m4rk3r",
	}
	told := ""
	for i, token := range tokens {
		for transport, send := range transports {
			if i == 0 || transport != "WebSocket" { // which is not opened for tokens that are refused
				told += send(t, server.URL, `query ($id: ID!) { author(id: $id) { name } }`, "a1", "Bearer "+token)
			}
		}
		told += askAs(handler, http.MethodGet, "/api/authors/a1", "", "Bearer "+token).Body.String()
	}
	for _, target := range []string{"/metrics", "/health", "/status.json", "/"} {
		told += askAs(handler, http.MethodGet, target, "").Body.String()
	}
	mu.Lock()
	told += log.String()
	mu.Unlock()
	for _, token := range tokens {
		for part := range strings.SplitSeq(token, ".") {
			if len(part) >= 6 && strings.Contains(told, part) {
				t.Errorf("%s is told", part)
			}
		}
	}
	if !strings.Contains(told, "auth_tokens_total") || !strings.Contains(told, `"msg":"request"`) {
		t.Error("nothing is told")
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}
