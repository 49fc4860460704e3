package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const clients = "test/clients"

// Clients and audits of others use the gateway as they use any server. They
// come by `make clients`, and CI installs them.
func TestClientsOfOthersAreContent(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in short mode: the clients of test/clients")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED for want of node: the clients of test/clients")
	}
	if _, err := os.Stat(filepath.Join(clients, "node_modules")); err != nil {
		t.Skip("SKIPPED as not installed (make clients): the clients of test/clients")
	}
	files, err := filepath.Glob(clients + "/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal("no clients", err)
	}
	s := dev(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=tap", filepath.Base(file))
			cmd.Dir = clients
			cmd.Env = append(os.Environ(), "GATEWAY="+s.gateway, "NODE_NO_WARNINGS=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestTheLockOfTheClientsNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile(clients + "/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), "://") {
		t.Error("package-lock.json names hosts: run npm run lock in " + clients)
	}
}
