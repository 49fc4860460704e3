package e2e_test

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var library = flag.Bool("library", false, "run the tests that copy the module and build all of it anew; make library does")

// ofTheShop is what a project has in place of this one's.
var ofTheShop = []string{"bench", "graph", "main.go", "resolvers", "services", "web/example"}

// The library stands without what this project does with it.
func TestLibrary_PassesWithoutTheShop(t *testing.T) {
	if !*library {
		t.Skip("SKIPPED: it runs all tests of the library in a copy; make library does")
	}
	root := t.TempDir()
	copyModule(t, root, ofTheShop...)
	for _, args := range [][]string{
		{"vet", "-trimpath", "./gateway/...", "./cmd/..."},                                              // what was built in another copy is found in the build cache
		{"test", "-trimpath", "-parallel", "4", "-skip", "AnAttackCosts", "./gateway/...", "./cmd/..."}, // make latency measures that alone
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// Renaming the module is one step, and a project outside can be made with the result.
func TestLibrary_Renamed(t *testing.T) {
	if !*library {
		t.Skip("SKIPPED: it builds all packages under another name; make library does")
	}
	root, project := t.TempDir(), filepath.Join(t.TempDir(), "project")
	copyModule(t, root)
	const name = "example.com/renamed/library"
	for _, step := range []struct {
		dir  string
		args []string
	}{
		{root, []string{"scripts/rename-module.sh", name}},
		{root, []string{"go", "list", "-deps", "-test", "./..."}}, // every import is found; the project builds what it needs
		{root, []string{"go", "run", "./cmd/trib", "new", project, "--module", "example.com/project"}},
		{project, []string{"go", "build", "-o", "app", "."}},
		{project, []string{"./app", "schema"}},
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `exec "$@"`, "sh")
		cmd.Args = append(cmd.Args, step.args...)
		cmd.Dir = step.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(step.args, " "), err, out)
		}
	}
	old := regexp.MustCompile(`(?m)"` + module(t) + `/|^module ` + module(t) + `\b`)
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if found := old.Find(text); found != nil {
			t.Errorf("%s still has %s", file, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyModule copies the module to a folder, without hidden files, what npm installed,
// and the files and folders in without.
func copyModule(t *testing.T, to string, without ...string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || slices.Contains(without, filepath.ToSlash(name)):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o700)
	})
	if err != nil {
		t.Fatal(err)
	}
}
