package document_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/gateway/engine/document"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func load(t testing.TB, content ...string) (*document.Trusted, error) {
	t.Helper()
	d, err := document.NewTrusted("query Own { a }")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, text := range content {
		file := filepath.Join(t.TempDir(), "manifest.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	err = d.Load(files...)
	return d, err
}

const apollo = `{"format":"apollo-persisted-query-manifest","version":1,"operations":[
	{"id":"one","name":"One","type":"query","body":"query One { a }","clientName":"web"},
	{"id":"two","name":"Two","type":"mutation","body":"mutation Two { b }"}]}`

func TestManifest_Formats(t *testing.T) {
	d, err := load(t, apollo, "\ufeff"+`{"`+sha("{ c }")+`":"{ c }","sha256:`+sha("{ d }")+`":"{ d }"}`)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"one": "query One { a }", "two": "mutation Two { b }", "Own": "query Own { a }",
		sha("{ c }"): "{ c }", "sha256:" + sha("{ c }"): "{ c }", sha("{ d }"): "{ d }",
		sha("query One { a }"): "query One { a }",
		"three":                "", "": "", "sha256:": "",
	} {
		if text, ok := d.ByID(id); text != want || ok != (want != "") {
			t.Errorf("%s is %q, %v, want %q", id, text, ok, want)
		}
	}
	if !d.Has("query Own { a }") || d.Has("query Own {a}") || d.Len() != 5 {
		t.Errorf("has %d documents", d.Len())
	}
	n := 0
	d.Each(func(id, text string) {
		if got, ok := d.ByID(id); !ok || got != text {
			t.Errorf("%s is %q here and %q there", id, text, got)
		}
		n++
	})
	if n != 5 {
		t.Errorf("each is of %d", n)
	}
}

func TestManifest_None(t *testing.T) {
	var d *document.Trusted
	_, ok := d.ByID("x")
	d.Each(func(string, string) { t.Error("one of none") })
	if ok || d.Has("{ a }") || d.Len() != 0 {
		t.Error("none has some")
	}
}

func TestManifest_Invalid(t *testing.T) {
	for name, tt := range map[string]struct{ content, want string }{
		"no JSON":                      {`{`, "not a JSON object"},
		"a list":                       {`[]`, "not a JSON object"},
		"nothing":                      {``, "not a JSON object"},
		"not UTF-8":                    {"{\"a\":\"\xff\"}", "not UTF-8"},
		"no document":                  {`{}`, "no document"},
		"no operations":                {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[]}`, "no document"},
		"another format":               {`{"format":"other","version":1,"operations":[]}`, `format "other"`},
		"another version":              {`{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`, "version 2"},
		"operations without a format":  {`{"operations":[]}`, `format ""`},
		"a document without an id":     {`{"":"{ a }"}`, "no id"},
		"a document that is a number":  {`{"a":7}`, "not a manifest"},
		"a document that is no text":   {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a","body":7}]}`, "not a manifest"},
		"a document that is empty":     {`{"a":""}`, `"a" has no operation`},
		"a document that is no query":  {`{"a":"fragment f on T { a }"}`, `"a" has no operation`},
		"a document that is a mess":    {`{"a":"{ b"}`, `document "a"`},
		"a hash that is another's":     {`{"sha256:` + sha("{ a }") + `":"{ b }"}`, "not the hash"},
		"an id that is another's":      {`{"Own":"{ b }"}`, `two documents have the id "Own"`},
		"an id that is there twice":    {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a","body":"{a}"},{"id":"a","body":"{b}"}]}`, `two documents have the id "a"`},
		"a document of too many words": {`{"a":"{` + strings.Repeat(" a", 100_001) + `}"}`, "token limit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.content)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "manifest.json: ") {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := load(t, apollo, apollo); err != nil {
		t.Errorf("the same document from two builds: %v", err)
	}
	if _, err := document.NewTrusted("{ a }"); err == nil {
		t.Error("an operation without a name has an id")
	}
}

// Whatever a manifest holds: what it gives is found again, by id and by hash.
func FuzzManifest(f *testing.F) {
	f.Add(apollo)
	f.Add(`{"a":"{ a }","sha256:` + sha("{ d }") + `":"{ d }"}`)
	f.Add(`{"format":null,"operations":{}}`)
	f.Fuzz(func(t *testing.T, content string) {
		d, err := load(t, content)
		if err != nil {
			return
		}
		d.Each(func(id, text string) {
			if got, ok := d.ByID("sha256:" + sha(text)); !ok || got != text || !d.Has(text) {
				t.Errorf("%q is lost", id)
			}
		})
	})
}
