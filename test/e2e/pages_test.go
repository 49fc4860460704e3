package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/pages"
)

// What sources.mjs does, so that a page that was changed and not built is
// noticed where there is no npm.
func TestPages_BuiltFromSources(t *testing.T) {
	built, err := os.ReadFile("gateway/pages/dist/SOURCES.sha256")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, name := range sources(t) {
		text, err := os.ReadFile(filepath.Join("web", name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(sum, "%s\n%s", name, text)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != strings.TrimSpace(string(built)) {
		t.Error("the sources in web/ have changed since they were built: run make pages (it needs npm) and commit gateway/pages/dist and web/example/dist")
	}
}

func sources(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS("web"), ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case name == ".":
		case base == "node_modules" || base == "dist" || strings.HasPrefix(base, "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && !strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, ".md"):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestPages_PlaygroundSize(t *testing.T) {
	total := int64(0)
	err := fs.WalkDir(pages.Playground(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil || total > 3_000_000 || total < 1_000_000 {
		t.Errorf("%d bytes, %v", total, err)
	}
}
