package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestAdmin_Listeners(t *testing.T) {
	t.Parallel()
	purge := func(base string, header ...string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/admin/purge", strings.NewReader(`{"tags":["user:user123"]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for name, c := range map[string]struct {
		args             []string
		shared, byItself int // what they answer without a token; 0: there is none
	}{
		"nowhere":                     {nil, 404, 0},
		"behind a token":              {[]string{"--admin-token=secret"}, 401, 0},
		"by themselves":               {[]string{"--ops-addr=127.0.0.1:0"}, 404, 200},
		"by themselves, with a token": {[]string{"--ops-addr=127.0.0.1:0", "--admin-token=secret"}, 404, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dev(t, c.args...)
			if status := purge(s.gateway); status != c.shared {
				t.Errorf("where clients are: %d, want %d", status, c.shared)
			}
			if c.shared == 401 && purge(s.gateway, "Authorization", "Bearer secret") != 200 {
				t.Error("the token does not open it")
			}
			waitFor(t, func() bool { return strings.Contains(s.logged(), "gateway is listening") })
			found := regexp.MustCompile(`"ops listener is listening","addr":"([^"]+)"`).FindStringSubmatch(s.logged())
			if (found != nil) != (c.byItself != 0) {
				t.Fatalf("an address of their own: %q", found)
			}
			if found != nil {
				if status := purge("http://" + found[1]); status != c.byItself {
					t.Errorf("by themselves: %d, want %d", status, c.byItself)
				}
			}
			if strings.Contains(s.logged(), "secret") || strings.Contains(s.logged(), "user123") {
				t.Error("the log tells the token, or what was purged")
			}
		})
	}
}

func TestAdmin_LogLevel(t *testing.T) {
	t.Parallel()
	s := dev(t, "--ops-addr=127.0.0.1:0")
	waitFor(t, func() bool { return strings.Contains(s.logged(), "ops listener is listening") })
	found := regexp.MustCompile(`"ops listener is listening","addr":"([^"]+)"`).FindStringSubmatch(s.logged())
	if found == nil {
		t.Fatal("no address of operators")
	}
	level := "http://" + found[1] + "/admin/log-level"
	set := func(method, body, want string) {
		t.Helper()
		if status, got := s.call(method, level, body); status != http.StatusOK || strings.TrimSpace(got) != want {
			t.Fatalf("%s %s: %d %s", method, body, status, got)
		}
	}
	// bad is logged at debug, and its request at info.
	bad := func() { s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"\") { id } }"}`) }
	const request, debug, changed = `"level":"INFO","msg":"request"`, `"level":"DEBUG"`, `"log level changed"`
	set(http.MethodGet, "", `{"level":"info"}`)
	bad()
	set(http.MethodPut, `{"level":"debug"}`, `{"level":"debug"}`)
	bad()
	set(http.MethodPut, `{"level":"error"}`, `{"level":"error"}`)
	bad()
	set(http.MethodPut, `{"level":"info"}`, `{"level":"info"}`)
	bad()
	var parts []string // of the log, by level
	waitFor(t, func() bool {
		parts = strings.Split(s.logged(), changed)
		return len(parts) == 4 && strings.Contains(parts[3], "/graphql")
	})
	for i, want := range []struct{ requests, debug bool }{{true, false}, {true, true}, {false, false}, {true, false}} {
		if strings.Contains(parts[i], request) != want.requests || strings.Contains(parts[i], debug) != want.debug {
			t.Errorf("part %d, want requests %v, debug %v:\n%s", i, want.requests, want.debug, parts[i])
		}
	}
}
