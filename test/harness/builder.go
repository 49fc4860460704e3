// Package harness builds the binary and runs it for tests of the whole system.
package harness

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Builder builds the binary once, for all tests of a process.
type Builder struct {
	once sync.Once
	dir  string
	err  error
}

// Close removes the binary.
func (b *Builder) Close() { _ = os.RemoveAll(b.dir) }

// Binary returns the path of the binary, which has the race detector if the test has.
func (b *Builder) Binary(t testing.TB) string {
	t.Helper()
	b.once.Do(func() { b.err = b.build() })
	if b.err != nil {
		t.Fatal(b.err)
	}
	return filepath.Join(b.dir, "tributary")
}

func (b *Builder) build() (err error) {
	root, err := Root()
	if err != nil {
		return err
	}
	if err := readSources(root); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "tributary-test-"); err != nil {
		return err
	}
	args := []string{"build", "-C", root, "-o", filepath.Join(b.dir, "tributary")}
	if race {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput() //nolint:gosec,noctx // G204: the arguments are ours; a build ends
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// Root returns the root of the module, which has go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working directory: %w", fs.ErrNotExist)
		}
		dir = parent
	}
}

// readSources reads the folders that the binary is built from. The go command replays
// the result of a test as long as what the test was seen to read is the same; what a
// command reads that the test runs goes unseen.
func readSources(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == root {
			return err
		}
		switch name := d.Name(); {
		case strings.HasPrefix(name, "."), name == "node_modules", name == "testdata",
			filepath.Dir(path) == root && (name == "bench" || name == "docs" || name == "test"):
			return filepath.SkipDir
		}
		return nil
	})
}
