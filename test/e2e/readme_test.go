package e2e_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateReadme = flag.Bool("update-readme", false, "write what is generated in README.md and docs/settings.md")

// To bring both pages up to date: go test ./test/e2e -run README -update-readme
func TestREADME_Generated(t *testing.T) {
	t.Parallel()
	results, err := os.ReadFile("bench/RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "README.md", "goals", goalsTable(string(results)))
	holds(t, "docs/settings.md", "settings", tributary(t, nil, "config", "--markdown").stdout)
}

// holds checks the text between the two comments that name a part of a page. With -update-readme
// it writes the text.
func holds(t *testing.T, page, part, want string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(page))
	if err != nil {
		t.Fatal(err)
	}
	between := regexp.MustCompile(`(?s)(<!-- ` + part + `: .*? -->\n)(.*)(<!-- /` + part + ` -->)`)
	found := between.FindStringSubmatchIndex(string(text))
	if found == nil {
		t.Fatalf("%s has no place for its %s", page, part)
	}
	have := string(text[found[4]:found[5]])
	if *updateReadme {
		if err := os.WriteFile(page, []byte(string(text[:found[4]])+want+string(text[found[5]:])), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("the %s in %s are out of date; run go test ./test/e2e -run README -update-readme. Want:\n%s", part, page, want)
	}
}

// goalsTable lists the goals that the comparison has checked, work by work.
func goalsTable(results string) string {
	var b strings.Builder
	b.WriteString("| work | goal | measured | |\n| --- | --- | --- | --- |\n")
	goal := regexp.MustCompile(`(?m)^Goal: (.*?); it is (.*?): (.*?)\.$`)
	for _, work := range strings.Split(results, "\n### ")[1:] {
		title, body, _ := strings.Cut(work, "\n")
		for _, g := range goal.FindAllStringSubmatch(body, -1) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", title, g[1], g[2], g[3])
		}
	}
	return b.String()
}

func TestREADME_Links(t *testing.T) {
	pages := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "web/README.md", "bench/RESULTS.md", "bench/SOAK.md"}
	err := filepath.WalkDir("docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages {
		for _, l := range link.FindAllStringSubmatch(readPage(t, page), -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(l[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, l[1])
			} else if anchor != "" && !anchors(readPage(t, target))[anchor] {
				t.Errorf("%s links to %s, and there is no such heading", page, l[1])
			}
		}
	}
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// anchors are those that GitHub gives the headings of a page.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(h[1]), "")
		found[strings.ReplaceAll(kept, " ", "-")] = true
	}
	return found
}
