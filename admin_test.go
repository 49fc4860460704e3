package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestOperatorsAreServedWhereTheSettingsSay(t *testing.T) {
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
		"by themselves":               {[]string{"--admin-addr=127.0.0.1:0"}, 404, 200},
		"by themselves, with a token": {[]string{"--admin-addr=127.0.0.1:0", "--admin-token=secret"}, 404, 401},
	} {
		t.Run(name, func(t *testing.T) {
			s := dev(t, c.args...)
			if status := purge(s.gateway); status != c.shared {
				t.Errorf("where clients are: %d, want %d", status, c.shared)
			}
			if c.shared == 401 && purge(s.gateway, "Authorization", "Bearer secret") != 200 {
				t.Error("the token does not open it")
			}
			found := regexp.MustCompile(`"operators are served","addr":"([^"]+)"`).FindStringSubmatch(s.logged())
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

func TestTheLevelOfTheLogChangesWhileTheGatewayRuns(t *testing.T) {
	s := dev(t, "--admin-addr=127.0.0.1:0")
	s.call(http.MethodGet, s.gateway+"/livez", "") // it serves, and so it has told
	found := regexp.MustCompile(`"operators are served","addr":"([^"]+)"`).FindStringSubmatch(s.logged())
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
	lines := func() (info, debug int) {
		s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"\") { id } }"}`) // bad input is told at debug
		text := s.logged()
		return strings.Count(text, `"level":"INFO","msg":"request"`), strings.Count(text, `"level":"DEBUG"`)
	}
	set(http.MethodGet, "", `{"level":"info"}`)
	info, debug := lines()
	if info == 0 || debug != 0 {
		t.Fatalf("at info: %d lines, %d of debug", info, debug)
	}
	set(http.MethodPut, `{"level":"debug"}`, `{"level":"debug"}`)
	if _, debug = lines(); debug == 0 {
		t.Error("at debug there is no such line")
	}
	set(http.MethodPut, `{"level":"error"}`, `{"level":"error"}`)
	before, _ := lines()
	if after, _ := lines(); after != before {
		t.Errorf("at error %d requests are logged", after-before)
	}
	set(http.MethodPut, `{"level":"info"}`, `{"level":"info"}`)
	if after, _ := lines(); after == before {
		t.Error("back at info no request is logged")
	}
	if n := strings.Count(s.logged(), `"log level changed"`); n != 3 {
		t.Errorf("%d of 3 changes are in the log", n)
	}
}
