// Package docs_test does what the pages in this folder say.
package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// document and byHand begin the two ways of the page; test is what both end with.
const (
	document = "services/reviews/openapi.yaml"
	byHand   = "services/reviews/reviews.go"
	test     = "resolvers/reviews_test.go"
)

// TestAddingAService_AsThePageSays follows the page in copies of the project, which are
// then generated, built and tested.
func TestAddingAService_AsThePageSays(t *testing.T) {
	if !*projects {
		t.Skip("SKIPPED: generating and building copies of the project takes long: give -projects, as make library does")
	}
	blocks := blocksOf(t, "adding-a-service.md")
	from := slices.IndexFunc(blocks, func(b block) bool { return b.file == byHand })
	last := len(blocks) - 1
	if len(blocks) != 12 || from != 2 || blocks[0].file != document || blocks[last].file != test {
		t.Fatalf("found %d blocks: does this test still read the page?", len(blocks))
	}
	trib := filepath.Join(t.TempDir(), "trib") // what go run ./cmd/trib runs
	run(t, "..", "go", "build", "-o", trib, "./cmd/trib")
	for name, way := range map[string]struct {
		blocks  []block
		command []string
	}{
		"with its document": {append(slices.Clone(blocks[:from]), blocks[last]),
			[]string{trib, "add", "reviews", "--openapi", document, "--url", "http://localhost:8004"}},
		"by hand": {blocks[from:], nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			copyProject(t, root)
			for _, b := range way.blocks {
				if strings.HasPrefix(b.file, "gateway/") {
					t.Errorf("the page changes %s, which is the library's", b.file)
				}
				b.apply(t, root)
			}
			if way.command != nil {
				run(t, root, way.command...)
			}
			run(t, root, trib, "generate")
			run(t, root, trib, "check")
			run(t, root, "go", "build", ".")
			run(t, root, "go", "test", "-vet=off", "./resolvers", "-run", "TestReviews_OfProducts")
		})
	}
}

func run(t *testing.T, root string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = root
	// what was built in another copy is found in the build cache
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -trimpath")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "no tests to run") {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
}

// copyProject copies the tracked files of the project, without files of tools.
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
