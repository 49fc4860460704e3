package devtoken_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/auth"
	"tributary/gateway/auth/devtoken"
)

func TestEnsure_MakesOnePrivateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "of", "dev", "key.json")
	if _, err := devtoken.Load(file); !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if _, err := devtoken.Ensure(file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	first, _ := os.ReadFile(file)
	if _, err := devtoken.Ensure(file); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(file); !bytes.Equal(first, second) {
		t.Error("a second start makes another key")
	}
}

// A file that is no key, or that others may read, is refused and left as it is.
func TestEnsure_LeavesOtherFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"text":         {"notes", 0o600, "not a key of development tokens"},
		"another JSON": {`{"keys":[{"kty":"RSA"}]}`, 0o600, "not a key of development tokens"},
		"a public key": {`{"keys":[{"kty":"OKP","kid":"dev-1","x":"AAAA"}]}`, 0o600, "not a key of development tokens"},
		"empty":        {"", 0o600, "not a key of development tokens"},
		"group":        {"{}", 0o640, "is readable by others"},
		"everybody":    {"{}", 0o644, "is readable by others"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key.json")
			if err := os.WriteFile(file, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := devtoken.Ensure(file); err == nil || !strings.Contains(err.Error(), tt.want) ||
				!strings.Contains(err.Error(), file) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if after, _ := os.ReadFile(file); string(after) != tt.text {
				t.Errorf("the file is now %q", after)
			}
		})
	}
	if _, err := devtoken.Ensure(t.TempDir()); err == nil {
		t.Error("a directory is taken for a key")
	}
}

func TestConfig_File(t *testing.T) {
	for name, tt := range map[string]struct {
		key  string
		env  map[string]string
		want string
	}{
		"a file":    {"x.json", nil, "x.json"},
		"a cache":   {"", map[string]string{"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/shelf/dev-key.json"},
		"a home":    {"", map[string]string{"HOME": "/h"}, "/h/.cache/shelf/dev-key.json"},
		"app data":  {"", map[string]string{"LOCALAPPDATA": "/l"}, "/l/shelf/dev-key.json"},
		"no places": {"", nil, ""},
	} {
		got, err := devtoken.Config{Key: tt.key}.File("shelf", func(name string) string { return tt.env[name] })
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// newKey returns a key, and the authenticator of a gateway that verifies its tokens.
func newKey(t *testing.T) (*devtoken.Key, *auth.Authenticator) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.json")
	key, err := devtoken.Ensure(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(devtoken.Verify(auth.Config{ScopeClaim: "scope"}, file), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return key, a
}

func TestSign_Verified(t *testing.T) {
	key, a := newKey(t)
	other, _ := newKey(t)
	sign := func(k *devtoken.Key, v devtoken.Viewer, lifetime time.Duration) string {
		token, err := k.Sign(v, lifetime)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token.Token
	}
	ann := devtoken.Viewer{Subject: "ann", Scopes: []string{"write", "read"}, Claims: map[string]any{"azp": "app", "tenant": "t1"}}
	v, err := a.Authenticate(t.Context(), []string{sign(key, ann, time.Hour)})
	if err != nil || v == nil || v.Subject != "ann" || v.Client != "app" || strings.Join(v.Scopes, " ") != "read write" {
		t.Fatalf("%+v %v", v, err)
	}
	for name, authorization := range map[string]string{
		"expired":     sign(key, ann, -time.Minute),
		"another key": sign(other, ann, time.Hour),
		"changed":     sign(key, ann, time.Hour) + "x",
	} {
		if v, err := a.Authenticate(t.Context(), []string{authorization}); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for name, authorization := range map[string]string{
		"another issuer": sign(key, devtoken.Viewer{Subject: "ann", Claims: map[string]any{"iss": "https://id.example.com"}}, time.Hour),
		"no token":       "Bearer x",
		"three parts":    "Bearer a.b.c",
	} {
		if v, err := a.Authenticate(t.Context(), []string{authorization}); v != nil || err != nil {
			t.Errorf("%s: %+v %v, want an anonymous request", name, v, err)
		}
	}
	if _, err := key.Sign(devtoken.Viewer{}, time.Hour); err == nil {
		t.Error("a token without a subject")
	}
}

func TestPanel_GivesTokens(t *testing.T) {
	key, a := newKey(t)
	p := devtoken.NewPanel(key, []devtoken.Viewer{{Name: "Ann", Subject: "ann"}, {Name: "Ben", Subject: "ben", Scopes: []string{"read"}}})
	send := func(method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost:8000"+path, strings.NewReader(body))
		if change != nil {
			change(r)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w
	}
	type viewer struct {
		Sub, Token string
		Expires    time.Time
	}
	var list struct{ Viewers []viewer }
	w := send(http.MethodGet, devtoken.ViewersPath, "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Viewers) != 2 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%v %s", err, w.Body)
	}
	var one viewer
	if err := json.Unmarshal(send(http.MethodPost, devtoken.TokenPath, `{"sub":"cleo","scopes":["a"],"claims":{"n":1}}`,
		nil).Body.Bytes(), &one); err != nil {
		t.Fatal(err)
	}
	for _, given := range append(list.Viewers, one) {
		v, err := a.Authenticate(t.Context(), []string{"Bearer " + given.Token})
		if err != nil || v.Subject != given.Sub || time.Until(given.Expires) < time.Minute {
			t.Errorf("%+v: %+v %v", given, v, err)
		}
	}
	for name, tt := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		want               int
	}{
		"another name of the host": {http.MethodGet, devtoken.ViewersPath, "",
			func(r *http.Request) { r.Host = "evil.example.com" }, 403},
		"another name, to sign": {http.MethodPost, devtoken.TokenPath, `{"sub":"a"}`,
			func(r *http.Request) { r.Host = "localhost.example.com:8000" }, 403},
		"a page of another origin": {http.MethodPost, devtoken.TokenPath, `{"sub":"a"}`,
			func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"an older browser's": {http.MethodPost, devtoken.TokenPath, `{"sub":"a"}`,
			func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") }, 403},
		"no subject":                   {http.MethodPost, devtoken.TokenPath, `{}`, nil, 400},
		"no JSON":                      {http.MethodPost, devtoken.TokenPath, `sub=a`, nil, 400},
		"too long":                     {http.MethodPost, devtoken.TokenPath, `{"sub":"` + strings.Repeat("a", 10_000) + `"}`, nil, 400},
		"by a method that changes not": {http.MethodGet, devtoken.TokenPath, "", nil, 405},
	} {
		if w := send(tt.method, tt.path, tt.body, tt.change); w.Code != tt.want || strings.Contains(w.Body.String(), "eyJ") {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, tt.want)
		}
	}
}
