package compose_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// digests runs the script that writes the override against a registry.
func digests(t *testing.T, registry http.Handler) (override, stderr string, err error) {
	t.Helper()
	for _, program := range []string{"bash", "curl", "awk"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT TESTED: there is no %s here", program)
		}
	}
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	out := filepath.Join(t.TempDir(), "digests.yaml")
	script := exec.CommandContext(t.Context(), "bash", "../scripts/image-digests.sh", out)
	script.Env = append(os.Environ(), "REGISTRY="+server.URL, "no_proxy=127.0.0.1")
	var errors bytes.Buffer
	script.Stderr = &errors
	err = script.Run()
	text, _ := os.ReadFile(out)
	return string(text), errors.String(), err
}

var sha = "sha256:" + strings.Repeat("0123456789abcdef", 4)

// Each image of others gets the digest that its tag has, with a token where the registry
// wants one.
func TestDigests_Written(t *testing.T) {
	for name, challenge := range map[string]bool{"without a token": false, "with a token": true} {
		t.Run(name, func(t *testing.T) {
			got, stderr, err := digests(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/token":
					fmt.Fprintf(w, `{"expires_in":300,"token":"of %s"}`, r.FormValue("scope"))
				case challenge && r.Header.Get("Authorization") != "Bearer of repository:pull":
					w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="registry",scope="repository:pull"`)
					w.WriteHeader(http.StatusUnauthorized)
				case !strings.Contains(r.Header.Get("Accept"), "image.index"):
					w.WriteHeader(http.StatusNotAcceptable)
				default:
					w.Header().Set("Docker-Content-Digest", sha)
				}
			}))
			if err != nil {
				t.Fatal(err, stderr)
			}
			for _, want := range []string{"  redis:\n    image: redis:7-alpine@" + sha,
				"  prometheus:\n    image: prom/prometheus:", "  grafana:\n    image: grafana/grafana:"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if strings.Contains(got, "tributary:local") || strings.Count(got, "image:") != strings.Count(got, "@sha256:") {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

// Where a registry does not know, or is none, the script says so and writes nothing.
func TestDigests_NoneIsAnError(t *testing.T) {
	for name, status := range map[string]int{"not found": 404, "too many requests": 429, "broken": 500, "no digest": 200} {
		t.Run(name, func(t *testing.T) {
			got, stderr, err := digests(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			if err == nil || got != "" || !strings.Contains(stderr, "No digest for redis:7-alpine") {
				t.Errorf("%v, wrote %q, said %s", err, got, stderr)
			}
		})
	}
}
