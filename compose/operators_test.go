package compose_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No file that starts Prometheus or Alertmanager lets a client reload or stop it, delete its
// data, write into it, or start profiles of it.
func TestOperators_EndpointsAreOff(t *testing.T) {
	flags := []string{
		"web.enable-lifecycle", "web.enable-admin-api", "web.enable-remote-write-receiver", "web.enable-otlp-receiver", "remote-write-receiver",
	}
	read := 0
	for _, root := range []string{".", "../deploy", "../prometheus", "../scripts", "../start_with_monitoring.sh", "../Makefile"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), "--config.file=/etc/prometheus/prometheus.yml") {
				read++
			}
			for _, flag := range flags {
				if strings.Contains(string(text), flag) {
					t.Errorf("%s has %s", path, flag)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read == 0 {
		t.Error("no file starts Prometheus: this test reads the wrong ones")
	}
}
