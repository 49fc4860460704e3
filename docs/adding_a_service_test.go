// Package docs_test does what the pages in this folder say.
package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a page below a line that names its file and,
// unless the block is all of it, words of the line that it follows there.
type block struct{ file, below, text string }

var fence = regexp.MustCompile("(?s)\n`([^`\n]+)`(?:, below `([^`\n]+)`)?:\n\n```\\w+\n(.*?\n)```\n")

func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2], m[3]})
	}
	return blocks
}

// apply writes a block into the copy of the project at root.
func (b block) apply(t *testing.T, root string) {
	t.Helper()
	name := filepath.Join(root, b.file)
	text := b.text
	if b.below != "" {
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(old), b.below)
		if !found {
			t.Fatalf("%s has no line with %q", b.file, b.below)
		}
		line, rest, _ := strings.Cut(rest, "\n")
		text = before + b.below + line + "\n" + b.text + rest
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The page is worth as much as what comes of doing what it says: in a copy of
// the project, which is then generated, built and tested.
func TestAddingAServiceWorksAsThePageSays(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: generating and building a copy of the project takes long, and -short is set")
	}
	root := t.TempDir()
	copyProject(t, root)
	blocks := blocksOf(t, "adding-a-service.md")
	if len(blocks) != 15 {
		t.Fatalf("found %d blocks: does this test still read the page?", len(blocks))
	}
	for _, b := range blocks {
		if strings.HasPrefix(b.file, "gateway/") {
			t.Errorf("the page changes %s: the runtime is to know no service", b.file)
		}
		b.apply(t, root)
	}
	for _, command := range [][]string{
		{"go", "tool", "gqlgen", "generate"},
		{"go", "generate", "./graph"},
		{"go", "build", "./..."},
		{"go", "test", "./resolvers", "-run", "TestProductsShowTheirReviews"},
	} {
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "no tests to run") {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
}

// copyProject copies what the project is made of, without what tools keep beside it.
func copyProject(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
