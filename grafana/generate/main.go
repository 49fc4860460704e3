// Command generate writes the dashboards as Grafana reads them. It is run by
// go generate, in the folder grafana.
package main

import (
	"log/slog"
	"os"
	"path/filepath"

	"tributary/grafana"
)

func main() {
	if err := write("dashboards"); err != nil {
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("dashboards", "error", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	boards, err := grafana.Boards()
	if err != nil {
		return err
	}
	for name, text := range boards {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // Grafana reads them as another user
			return err
		}
	}
	return nil
}
