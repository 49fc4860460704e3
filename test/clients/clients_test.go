// Package clients_test tries the gateway with clients and audits of others.
package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tributary/test/harness"
)

var builder harness.Builder

func TestMain(m *testing.M) {
	code := m.Run()
	builder.Close()
	os.Exit(code)
}

// Clients and audits of others use the gateway as they use any server. They
// come by `make clients`, and CI installs them.
func TestClients_Run(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in short mode: the clients of test/clients")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED for want of node: the clients of test/clients")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("SKIPPED as not installed (make clients): the clients of test/clients")
	}
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal("no clients", err)
	}
	s := builder.Dev(t, nil)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=tap", filepath.Base(file))
			cmd.Env = append(os.Environ(), "GATEWAY="+s.Gateway, "NODE_NO_WARNINGS=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestClients_LockHasNoHost(t *testing.T) {
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), "://") {
		t.Error("package-lock.json names hosts: run npm run lock in test/clients")
	}
}
