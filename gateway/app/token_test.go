package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/access"
	"tributary/gateway/internal/testgraph"
	"tributary/gateway/lookahead"
)

// A developer tries the rules of a graph by tokens of the command line: those of dev's key
// are verified, and a request without one is served too.
func TestToken_IsVerifiedByDev(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.json")
	g := library()
	g.Viewers = []SampleViewer{{Name: "Ann", Subject: "a1"}}
	g.Schema = func(d *Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
		schema, joins, err := testgraph.New(testgraph.Dependencies(*d))
		return access.With(schema, access.Rules{"Query.author": {Scopes: [][][]string{{{"read", "shelf"}}}}}), joins, err
	}
	token := func(args ...string) (code int, stdout, stderr string) {
		t.Helper()
		return run(t, g, map[string]string{"BFF_AUTH_DEV_KEY": key}, append([]string{"token"}, args...)...)
	}
	if code, _, stderr := token("--sub=a1"); code != 1 || !strings.Contains(stderr, "start library dev") {
		t.Errorf("before dev was ever started: %d %s", code, stderr)
	}
	gateway, banner := start(t, g, "--auth-dev-key="+key)
	if !strings.Contains(banner, "library token --sub") {
		t.Errorf("no word of tokens in %s", banner)
	}
	ask := func(authorization string) string {
		return fetch(t, http.MethodPost, gateway+"/graphql", `{"query":"{ author(id: \"a1\") { id } }"}`, authorization, "application/json")
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no scopes":  {[]string{"--sub=a1"}, "FORBIDDEN"},
		"one of two": {[]string{"--sub=a1", "--scope=read"}, "FORBIDDEN"},
		"both":       {[]string{"--sub=a1", "--scope=read,shelf"}, `"author":{"id":"a1"}`},
		"by spaces":  {[]string{"--sub=a1", "--scope", "shelf read"}, `"author":{"id":"a1"}`},
		"repeated":   {[]string{"--sub=a1", "--scope=shelf", "--scope=read"}, `"author":{"id":"a1"}`},
		"a claim":    {[]string{"--sub=a1", `--claim=scope=["read","shelf"]`, "--claim=tenant=t,1"}, `"author":{"id":"a1"}`},
		"expired":    {[]string{"--sub=a1", "--expires-in=-5m"}, "the token has expired"},
	} {
		code, stdout, stderr := token(tt.args...)
		if code != 0 || stderr != "" {
			t.Fatalf("%s: %d %s", name, code, stderr)
		}
		if got := ask("Bearer " + strings.TrimSpace(stdout)); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	for name, authorization := range map[string]string{"anonymous": "", "a token of others": "Bearer eyJ.eyJ.x"} {
		if got := ask(authorization); !strings.Contains(got, `"data":{"author":null}`) || !strings.Contains(got, "UNAUTHENTICATED") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, body := get(t, gateway+"/dev/viewers"); !strings.Contains(body, `"sub":"a1","token":"ey`) {
		t.Error(body)
	}
	for _, wrong := range [][]string{{}, {"--sub="}, {"--sub=a", "--claim=x"}, {"--sub=a", "--claim==x"}} {
		if code, stdout, stderr := token(wrong...); code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: %d %q %s", wrong, code, stdout, stderr)
		}
	}
}

// Where dev cannot keep a key, it starts all the same, unless it was told to.
func TestDev_WithoutKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--auth-dev-key=" + file}, {"--auth-required"}} {
		code, _, stderr := run(t, library(), nil, append([]string{"dev", "--addr=127.0.0.1:0"}, args...)...)
		if code != 2 || !strings.Contains(stderr, "library: auth-") {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
	gateway, banner := start(t, library())
	if strings.Contains(banner, "token") {
		t.Error(banner)
	}
	for _, path := range []string{"/dev/viewers", "/dev/token"} {
		if status, body := get(t, gateway+path); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// The gateway alone has no endpoint that signs, whatever key there is.
func TestGateway_SignsNothing(t *testing.T) {
	handler, _ := assemble(t, testgraph.Start(t).URLs, silent, nil)
	for _, path := range []string{"/dev/viewers", "/dev/token"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if w := askAs(handler, method, path, `{"sub":"a"}`); w.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
	}
}
