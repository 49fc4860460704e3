package admin_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/admin"
	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// gateway caches what a source counts.
type gateway struct {
	t          testing.TB
	operators  *admin.Mux
	poet, item batch.Func[string, string]
	asked      []string
}

func newGateway(t testing.TB, cfg admin.Config, redisURL string) *gateway {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c, err := entitycache.New(entitycache.Config{TTL: time.Hour, MemoryMB: 1, RedisURL: redisURL}, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	g := &gateway{t: t, operators: admin.New(cfg, true)}
	source := func(_ context.Context, keys []string) (map[string]string, error) {
		g.asked = append(g.asked, keys...)
		return map[string]string{keys[0]: "something"}, nil
	}
	g.poet = entitycache.ReadThrough(c, entitycache.Kind{Name: "poet", Service: "poets"}, source)
	g.item = entitycache.ReadThrough(c, entitycache.Kind{Name: "item", Service: "items"}, source)
	g.operators.Handle("POST /admin/purge", admin.Purge(c, log))
	return g
}

// load loads two poets and an item, and returns the keys for which the source was called.
func (g *gateway) load() []string {
	g.t.Helper()
	g.asked = nil
	for _, l := range []struct {
		load batch.Func[string, string]
		key  string
	}{{g.poet, "u1"}, {g.poet, "u2"}, {g.item, "i1"}} {
		if _, err := l.load(g.t.Context(), []string{l.key}); err != nil {
			g.t.Fatal(err)
		}
	}
	return g.asked
}

func (g *gateway) purge(body string, header ...string) *httptest.ResponseRecorder {
	return g.do(http.MethodPost, "/admin/purge", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func (g *gateway) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(g.t.Context())
	r.Host = "localhost:8100"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.operators.ServeHTTP(w, r)
	return w
}

func TestPurge_Scopes(t *testing.T) {
	for body, want := range map[string][]string{
		`{"tags":["poet:u1"]}`:           {"u1"},
		`{"tags":["poet:u1","item:i1"]}`: {"u1", "i1"},
		`{"tags":["poet"]}`:              {"u1", "u2"},
		`{"tags":["*"]}`:                 {"u1", "u2", "i1"},
		`{"tags":["poet:nobody"]}`:       nil,
	} {
		g := newGateway(t, admin.Config{Addr: ":0"}, "")
		g.load()
		w := g.purge(body)
		var got struct{ Purged, Unreached []string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != http.StatusOK || err != nil || len(got.Purged) == 0 ||
			got.Unreached == nil || len(got.Unreached) > 0 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
		if asked := g.load(); !slices.Equal(asked, want) {
			t.Errorf("%s: %q had to be asked for again, want %q", body, asked, want)
		}
	}
}

func TestPurge_InvalidRequest(t *testing.T) {
	g := newGateway(t, admin.Config{Addr: ":0"}, "")
	g.load()
	for body, name := range map[string]string{
		``:                              "JSON object",
		`[]`:                            "JSON object",
		`{"tags":[]}`:                   "JSON object",
		`{"tags":["poet:u1"]} {}`:       "JSON object",
		`{"tag":["poet:u1"]}`:           "JSON object",
		`{"tags":[7]}`:                  "JSON object",
		`{"tags":["poet:u1","usr:u1"]}`: `unknown kind \"usr\": want one of item, poet`,
		`{"tags":["poet:"]}`:            `tag \"poet:\" has no id: want poet:ID`,
		`{"tags":[""]}`:                 `unknown kind \"\"`,
		`{"tags":["poet"` + strings.Repeat(`,"poet"`, 1000) + `]}`: "1001 tags",
	} {
		w := g.purge(body)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), name) ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.50s: %d %s, want %q in it", body, w.Code, w.Body, name)
		}
	}
	if w := g.do(http.MethodPost, "/admin/purge", `{"tags":["*"]}`, "Content-Type",
		"text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("text: %d", w.Code)
	}
	if asked := g.load(); asked != nil {
		t.Errorf("%q were dropped all the same", asked)
	}
}

func TestOperator_Token(t *testing.T) {
	g := newGateway(t, admin.Config{Token: "secret"}, "")
	g.load()
	for _, authorization := range []string{"", "secret", "Bearer", "Bearer ", "Bearer other", "Basic secret", "Bearer secretsecret"} {
		for _, path := range []string{"/admin/purge", "/admin/other"} {
			w := g.do(http.MethodPost, path, `{"tags":["*"]}`, "Content-Type", "application/json", "Authorization", authorization)
			if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%q: %d", authorization, w.Code)
			}
		}
	}
	if asked := g.load(); asked != nil {
		t.Errorf("%q were dropped all the same", asked)
	}
	if w := g.purge(`{"tags":["*"]}`, "Authorization", "bearer secret"); w.Code != http.StatusOK {
		t.Errorf("with the token: %d %s", w.Code, w.Body)
	}
}

func TestMux_WithoutToken(t *testing.T) {
	purge := func(m *admin.Mux, host string) int {
		r := httptest.NewRequest(http.MethodPost, "/admin/purge", http.NoBody)
		r.Host = host
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Code
	}
	for name, tt := range map[string]struct {
		loopback bool
		token    string
		host     string
		status   int
	}{
		"an address":                 {true, "", "127.0.0.1:8100", 200},
		"an address of IPv6":         {true, "", "[::1]:8100", 200},
		"localhost":                  {true, "", "localhost:8100", 200},
		"a name that is rebound":     {true, "", "evil.example:8100", 403},
		"one that looks like it":     {true, "", "127.0.0.1.evil.example", 403},
		"no name":                    {true, "", "", 403},
		"beyond loopback":            {false, "", "127.0.0.1:8100", 401},
		"beyond loopback, by name":   {false, "", "evil.example:8100", 401},
		"a token is still needed":    {true, "secret", "localhost:8100", 401},
		"a token is needed by names": {true, "secret", "gateway:8100", 401},
	} {
		m := admin.New(admin.Config{Addr: ":0", Token: tt.token}, tt.loopback)
		m.Handle("POST /admin/purge", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		if got := purge(m, tt.host); got != tt.status {
			t.Errorf("%s: %d, want %d", name, got, tt.status)
		}
	}
}

func TestAdmin_UnknownPath(t *testing.T) {
	g := newGateway(t, admin.Config{Addr: ":0"}, "")
	if w := g.do(http.MethodPost, "/admin/other", ""); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "NOT_FOUND") {
		t.Errorf("another path: %d %s", w.Code, w.Body)
	}
	if w := g.do(http.MethodGet, "/admin/purge", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d, Allow %s", w.Code, w.Header().Get("Allow"))
	}
}

func TestPurge_RedisUnreachable(t *testing.T) {
	g := newGateway(t, admin.Config{Addr: ":0"}, "redis://127.0.0.1:1")
	g.load()
	w := g.purge(`{"tags":["poet:u1"]}`)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"unreached":["redis"]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if asked := g.load(); !slices.Equal(asked, []string{"u1"}) {
		t.Errorf("%q had to be asked for again: this gateway has not dropped it", asked)
	}
}

func TestLogLevel_Invalid(t *testing.T) {
	var logged strings.Builder
	log := telemetry.NewLogger(&logged, telemetry.LogConfig{Level: "info"})
	operators := admin.New(admin.Config{Addr: ":0"}, true)
	operators.Handle("PUT /admin/log-level", admin.LogLevel(log))
	for body, want := range map[string]int{
		`{"level":"loud"}`:               400,
		`{"level":"DEBUG+1"}`:            400,
		`{"level":""}`:                   400,
		`{}`:                             400,
		`{"level":"debug","for":"1m"}`:   400,
		`{"level":"debug"} {}`:           400,
		`"debug"`:                        400,
		strings.Repeat(" ", 2000) + `{}`: 400,
	} {
		g := &gateway{t: t, operators: operators}
		if w := g.do(http.MethodPut, "/admin/log-level", body, "Content-Type", "application/json"); w.Code != want ||
			!strings.Contains(w.Body.String(), "debug, info, warn, error") {
			t.Errorf("%.50s: %d %s", body, w.Code, w.Body)
		}
	}
	g := &gateway{t: t, operators: operators}
	if w := g.do(http.MethodPut, "/admin/log-level", `{"level":"debug"}`, "Content-Type",
		"text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("text: %d", w.Code)
	}
	if telemetry.Level(log) != slog.LevelInfo || logged.Len() > 0 {
		t.Errorf("now %s: %s", telemetry.Level(log), &logged)
	}
}
