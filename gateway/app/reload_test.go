package app

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/admin"
	"tributary/internal/testkit"
	"tributary/internal/testkit/wstest"
)

// settingsFile is a file that a gateway reads, beside its manifest of trusted documents.
type settingsFile struct{ name, manifest string }

func newSettingsFile(t *testing.T) settingsFile {
	t.Helper()
	dir := t.TempDir()
	f := settingsFile{filepath.Join(dir, "settings.yaml"), filepath.Join(dir, "manifest.json")}
	f.trust(t, `{ author(id: "a1") { name } }`)
	f.write(t)
	return f
}

// write replaces the settings, other than the manifest.
func (f settingsFile) write(t *testing.T, lines ...string) {
	t.Helper()
	lines = append([]string{"graphql_trusted_documents: " + f.manifest}, lines...)
	if err := os.WriteFile(f.name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// trust replaces the one document of the manifest.
func (f settingsFile) trust(t *testing.T, text string) {
	t.Helper()
	manifest, err := json.Marshal(map[string]string{"known": text})
	if err == nil {
		err = os.WriteFile(f.manifest, manifest, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a request and returns the status and the body of the answer. Headers are given
// in pairs.
func post(t *testing.T, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func (r *running) reload(t *testing.T) (status int, outcome admin.Reloaded, body string) {
	t.Helper()
	status, _, body = post(t, r.ops+"/admin/reload", "")
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &outcome); err != nil {
			t.Fatal(err)
		}
	}
	return status, outcome, body
}

// TestReload_EachConcern reloads one setting after the other, with a WebSocket that stays
// open meanwhile.
func TestReload_EachConcern(t *testing.T) {
	file := newSettingsFile(t)
	r := runGateway(t, map[string]string{"BFF_CACHE_TTL": "20s"}, "--ops-addr=127.0.0.1:0", "--config="+file.name)
	socket, _ := wstest.Dial(t, r.clients+"/graphql", wstest.Protocol, http.Header{})
	socket.Init()
	n := 0
	over := func(query string) string { // the open connection
		t.Helper()
		n++
		id, all := string(rune('a'+n)), ""
		socket.Send(`{"id":"` + id + `","type":"subscribe","payload":{"query":"` + query + `"}}`)
		for !strings.Contains(all, `"type":"complete"`) && !strings.Contains(all, `"type":"error"`) {
			message, err := socket.Next()
			if err != nil {
				t.Fatalf("the WebSocket ended: %v", err)
			}
			all += message
		}
		return all
	}
	reload := func(want ...string) {
		t.Helper()
		status, outcome, body := r.reload(t)
		if status != http.StatusOK || !slices.Equal(outcome.Reloaded, want) || len(outcome.Restart) > 0 {
			t.Errorf("%d %s, want %v", status, body, want)
		}
	}
	const deep = `{ author(id: \"a1\") { books { title } } }`
	ask := func() string { _, _, body := post(t, r.clients+"/graphql", `{"query":"`+deep+`"}`); return body }
	if refused := ask() + over(deep); strings.Contains(refused, "errors") {
		t.Errorf("before: %s", refused)
	}

	file.write(t, "graphql_max_depth: 2")
	reload("graphql_max_depth")
	for _, refused := range []string{ask(), over(deep)} {
		if !strings.Contains(refused, "QUERY_TOO_COMPLEX") {
			t.Errorf("a lower limit: %s", refused)
		}
	}
	file.write(t, "graphql_trusted_mode: enforce")
	reload("graphql_max_depth", "graphql_trusted_mode")
	for _, refused := range []string{ask(), over(deep)} {
		if !strings.Contains(refused, "DOCUMENT_NOT_TRUSTED") {
			t.Errorf("a document that is not trusted: %s", refused)
		}
	}
	file.trust(t, strings.ReplaceAll(deep, `\"`, `"`))
	reload("graphql_trusted_documents")
	if answered := ask() + over(deep); strings.Contains(answered, "errors") {
		t.Errorf("another manifest: %s", answered)
	}

	allowed := func() string {
		_, header, _ := post(t, r.clients+"/graphql", `{"documentId":"known"}`, "Origin", "https://shop.example.com")
		return header.Get("Access-Control-Allow-Origin")
	}
	if origin := allowed(); origin != "" {
		t.Errorf("CORS for %s", origin)
	}
	file.write(t, "graphql_trusted_mode: enforce", "cors_origins: https://shop.example.com")
	reload("cors_origins")
	if origin := allowed(); origin != "https://shop.example.com" {
		t.Errorf("CORS for %q", origin)
	}

	file.write(t, "log_level: debug")
	reload("cors_origins", "graphql_trusted_mode", "log_level")
	get(t, r.clients+"/livez")
	if len(r.log.lines(t, "request")) == 0 || !strings.Contains(r.log.String(), `"route":"/livez"`) {
		t.Error("no probe in the log at debug level")
	}
}

func TestReload_NamesWhatHasNoEffect(t *testing.T) {
	file := newSettingsFile(t)
	r := runGateway(t, map[string]string{"BFF_CACHE_TTL": "20s"}, "--ops-addr=127.0.0.1:0", "--config="+file.name, "--log-level=info")
	file.write(t, "log_level: error", "cache_ttl: 5s", "write_timeout: 7s", "request_timeout: 4s")
	for range 2 { // as long as they are not in effect
		status, outcome, body := r.reload(t)
		if status != http.StatusOK || len(outcome.Reloaded) > 0 ||
			!slices.Equal(outcome.Restart, []string{"request_timeout", "write_timeout"}) ||
			!slices.Equal(outcome.Overridden, []string{"cache_ttl by environment BFF_CACHE_TTL", "log_level by flag --log-level"}) {
			t.Errorf("%d %s", status, body)
		}
	}
	if lines := r.log.lines(t, "settings reloaded"); len(lines) != 2 || lines[0]["need_restart"] == nil || lines[0]["overridden"] == nil {
		t.Errorf("log: %v", lines)
	}
}

// TestReload_Refused gives a gateway settings that cannot be used in many ways: one of them
// is enough for none to be taken over.
func TestReload_Refused(t *testing.T) {
	file := newSettingsFile(t)
	r := runGateway(t, nil, "--ops-addr=127.0.0.1:0", "--config="+file.name)
	for name, spoil := range map[string]func(){
		"an unknown key":              func() { file.write(t, "graphql_max_depth: 1", "graphql_max_deep: 1") },
		"not YAML":                    func() { file.write(t, "graphql_max_depth: 1", "a: [") },
		"a value of another type":     func() { file.write(t, "graphql_max_depth: 1", "cache_ttl: soon") },
		"beyond a bound":              func() { file.write(t, "graphql_max_depth: 1", "graphql_max_aliases: 0") },
		"what needs a restart":        func() { file.write(t, "graphql_max_depth: 1", "request_timeout: -1s") },
		"a kind that there is not":    func() { file.write(t, "graphql_max_depth: 1", "cache_ttls: poem=1s") },
		"more than the memory":        func() { file.write(t, "graphql_max_depth: 1", "graphql_max_response: 1000000000") },
		"an origin with a path":       func() { file.write(t, "graphql_max_depth: 1", "cors_origins: https://shop.example.com/x") },
		"a document that is none":     func() { file.write(t, "graphql_max_depth: 1"); file.trust(t, "{") },
		"a manifest that is not read": func() { _ = os.Remove(file.manifest); file.write(t, "graphql_max_depth: 1") },
		"no file":                     func() { _ = os.Remove(file.name) },
	} {
		t.Run(name, func(t *testing.T) {
			spoil()
			status, _, body := r.reload(t)
			if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"detail":"`) {
				t.Errorf("%d %s", status, body)
			}
			if _, _, body := post(t, r.clients+"/graphql", `{"query":"{ author(id: \"a1\") { name } }"}`); strings.Contains(body, "errors") {
				t.Errorf("the limit of the refused settings is in effect: %s", body)
			}
			if _, metrics := get(t, r.ops+"/metrics"); !strings.Contains(metrics, "settings_last_reload_successful 0") {
				t.Error("the metric does not tell of it")
			}
			file.trust(t, `{ author(id: "a1") { name } }`)
			file.write(t)
			if status, _, body := r.reload(t); status != http.StatusOK {
				t.Errorf("afterwards: %d %s", status, body)
			}
		})
	}
	if lines := r.log.lines(t, "settings not reloaded: the previous ones stay in effect"); len(lines) < 11 || lines[0]["error"] == "" {
		t.Errorf("log: %v", lines)
	}
}

// TestReload_Triggers reloads by a signal, and without any.
func TestReload_Triggers(t *testing.T) {
	for name, hangup := range map[string]bool{"SIGHUP": true, "watched": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := newSettingsFile(t)
			hangups := make(chan os.Signal, 1)
			r := runGatewayIn(t, Environment{Hangup: hangups}, nil, "--ops-addr=127.0.0.1:0", "--config="+file.name)
			file.write(t, "graphql_max_depth: 1")
			if hangup {
				hangups <- os.Interrupt
			}
			testkit.WaitFor(t, "the settings to be reloaded", func() bool { return len(r.log.lines(t, "settings reloaded")) > 0 })
		})
	}
}
