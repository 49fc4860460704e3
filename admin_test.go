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
