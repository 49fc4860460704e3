package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var updateReadme = flag.Bool("update-readme", false, "write the settings into README.md")

// The README lists every setting as the command line knows it.
// To bring it up to date: go test . -run README -update-readme
func TestTheREADMEListsEverySetting(t *testing.T) {
	const begin, end = "<!-- settings -->\n", "<!-- /settings -->\n"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md has no place for the settings, from %s to %s", begin, end)
	}
	want := before + begin + settingsTable(t) + end + after
	if *updateReadme {
		if err := os.WriteFile("README.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("the settings in README.md are out of date, want\n%s", settingsTable(t))
	}
}

func settingsTable(t *testing.T) string {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Bind(&process{}), kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| in the environment | default | |\n| --- | --- | --- |\n")
	for _, command := range parser.Model.Children {
		if command.Name != "config" {
			continue
		}
		for _, f := range command.Flags {
			env := f.Tag.Get("setting")
			if env == "" {
				env = "BFF_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			}
			value := f.Default
			if value == "" && f.IsBool() {
				value = "false"
			}
			if value != "" {
				value = "`" + value + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", env, value, strings.ReplaceAll(f.Help, "|", `\|`))
		}
	}
	return b.String()
}
