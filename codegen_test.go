package main

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
func TestTheManifestOfGraphQLCodeGeneratorIsEnforced(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED for want of node: GraphQL Code Generator")
	}
	if _, err := os.Stat(filepath.Join(clients, "node_modules")); err != nil {
		t.Skip("SKIPPED as not installed (make clients): GraphQL Code Generator")
	}
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), node, "codegen.mjs", out)
	cmd.Dir, cmd.Env = clients, append(os.Environ(), "GATEWAY="+dev(t).gateway, "NODE_NO_WARNINGS=1")
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
	s := dev(t, "--graphql-trusted-documents="+manifest, "--graphql-trusted-mode=enforce")
	for id := range documents {
		resp := s.send(http.MethodPost, s.gateway+"/graphql", `{"documentId":"`+id+`","variables":{"id":"user123"}}`, "Content-Type", "application/json")
		if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), `"id":"user123"}}}`) {
			t.Errorf("by id: %s %s", resp.Status, body)
		}
	}
	resp := s.send(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"user123\") { email } }"}`, "Content-Type", "application/json")
	if body, _ := io.ReadAll(resp.Body); strings.Contains(string(body), `"data"`) {
		t.Errorf("another document was executed: %s", body)
	}
}
