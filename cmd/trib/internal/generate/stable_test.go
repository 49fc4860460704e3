package generate

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The page of what is stable has every package that generated code imports.
func TestPageOfTheLibrary_HasPackages(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	imported := regexp.MustCompile(`\{\{ \.Library \}\}/(gateway/\w+)"`)
	found := 0
	err = fs.WalkDir(templateFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templateFiles, name)
		for _, m := range imported.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(page), "| `"+m[1]+"` |") {
				t.Errorf("docs/library.md does not have %s, which %s imports", m[1], name)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Fatalf("%d imports: %v", found, err)
	}
}
