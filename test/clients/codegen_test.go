package clients_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// GraphQL Code Generator reads the live schema and writes types and a manifest
// of documents, which a gateway then enforces.
func TestCodegen_ManifestEnforced(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED for want of node: GraphQL Code Generator")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("SKIPPED as not installed (make clients): GraphQL Code Generator")
	}
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), node, "codegen.mjs", out)
	cmd.Env = append(os.Environ(), "GATEWAY="+builder.Dev(t, nil).Gateway, "NODE_NO_WARNINGS=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	types, err := os.ReadFile(filepath.Join(out, "graphql.ts"))
	if err != nil || !strings.Contains(string(types), "UserNameQueryVariables") {
		t.Errorf("no types: %v", err)
	}
	manifest := filepath.Join(out, "persisted-documents.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var documents map[string]string
	if err := json.Unmarshal(text, &documents); err != nil || len(documents) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	s := builder.Dev(t, nil, "--graphql-trusted-documents="+manifest, "--graphql-trusted-mode=enforce")
	for id := range documents {
		answer := post(t, s.Gateway+"/graphql", `{"documentId":"`+id+`","variables":{"id":"user123"}}`)
		if !strings.Contains(answer, `"id":"user123"}}}`) {
			t.Errorf("by id: %s", answer)
		}
	}
	answer := post(t, s.Gateway+"/graphql", `{"query":"{ user(id: \"user123\") { email } }"}`)
	if strings.Contains(answer, `"data"`) {
		t.Errorf("another document was executed: %s", answer)
	}
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
