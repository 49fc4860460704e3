package settings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"tributary/gateway/settings"
)

// write makes a file of settings.
func write(t testing.TB, text []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestMask_Secrets(t *testing.T) {
	for url, want := range map[string]string{
		"":                                "",
		"redis://redis:6379/0":            "redis://redis:6379/0",
		"redis://:pass@redis/0":           "redis://***@redis/0",
		"rediss://me:p@ss@a:1,b:2/0":      "rediss://***@a:1,b:2/0",
		"redis://a,b?password=x&db=1":     "redis://a,b?***",
		"pass":                            "***",
		"redis://u:x@a:1,redis://u:x@b:2": "redis://***@b:2",
		"http://ann:1/pass@h/":            "http://***@h/",
		"http://h:1/base#pass":            "http://h:1/base#***",
		"a=pass,b=http://h":               "***",
		"redis://me:p%2Fss@redis?x=y?z=w": "redis://***@redis?***",
	} {
		if got := settings.Mask(url); got != want {
			t.Errorf("%s becomes %s, want %s", url, got, want)
		}
	}
}

func TestFile_Shape(t *testing.T) {
	for text, complaint := range map[string]string{
		"":                           "",
		"# nothing yet\n":            "",
		"a: 1\nb: two\nc: '3'\n":     "",
		"---\na: true\n":             "",
		"a:\n":                       "",
		"\uFEFFa: 1\nb: 2\n":         "",
		"\uFEFF# x\n\na: 1\n":        "",
		"\uFEFF---\na: 1\n":          "",
		"\uFEFF":                     "",
		"\uFEFFa: 1\r\nb:\r\n  c: 1": ":2: key b must have a plain value",
		"a: 1\n---\nb: 1\n":          ":3: more than one document",
		"just text\n":                ":1: settings are written as key: value",
		"- a\n":                      ":1: settings are written as key: value",
		"a: 1\nb:\n  c: 1\n":         ":2: key b must have a plain value",
		"a: [1]\n":                   ":1: key a must have a plain value",
		"x: &x 1\na: *x\n":           "must have a plain value",
		"a: 1\na: 2\n":               "a",
		"a: 'never ends, s3cr3t\n":   "not YAML",
	} {
		err := settings.New(os.Getenv).Load(write(t, []byte(text)))
		if (err == nil) != (complaint == "") || err != nil && !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v, want %q", text, err, complaint)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("repeats the text: %v", err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a:\n  b: c\n", "a: 'x'\n---\n", "&x a: *x", "? a\n: b", "a: !!str 1", "{a: 1}",
		"a: |\n  b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := settings.New(os.Getenv).Load(write(t, text))
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %q", err)
		}
	})
}

func Example() {
	var cli struct {
		CacheTTL string `default:"30s"`
		Level    string `default:"info"`
		Password string `default:"redis://:hunter2@redis" secret:""`
	}
	s := settings.New(func(name string) string {
		return map[string]string{"BFF_CACHE_TTL": "10s"}[name]
	})
	parser, err := kong.New(&cli, kong.Resolvers(s))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, err := parser.Parse([]string{"--level=debug"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Print(os.Stdout, ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// cache_ttl: "10s"                         # environment BFF_CACHE_TTL
	// level: "debug"                           # flag --level
	// password: "redis://***@redis"            # default
}
