package resolvers_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/report"
)

var update = flag.Bool("update", false, "write the goldens in testdata anew")

// golden is what a query asks, what it costs and what it gets: the content of
// a file in testdata.
type golden struct {
	Query     string          `json:"query"`
	Variables map[string]any  `json:"variables,omitempty"`
	Calls     string          `json:"calls"`
	Answer    json.RawMessage `json:"answer"`
}

// tries is how often a question is asked when the number of calls is not the
// expected one: a call that its operation gave up, because the answer is known
// without, has arrived by then or has not.
const tries = 5

// check holds what ask gives to the golden of a name, or writes that.
func (g golden) check(t *testing.T, name string, ask func() (answer, calls string)) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	want, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var got []byte
	for range tries {
		answer, calls := ask()
		text, err := json.Marshal(parse(t, answer))
		must(t, err)
		g.Answer, g.Calls = text, calls
		got = encode(t, g)
		if bytes.Equal(got, want) {
			return
		}
		if *update {
			must(t, os.MkdirAll(filepath.Dir(file), 0o755))
			must(t, os.WriteFile(file, got, 0o644))
			return
		}
		t.Logf("%s: %s", file, calls)
	}
	t.Errorf("%s is not what came; -update writes it anew:\n%s", file, got)
}

func encode(t *testing.T, g golden) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(g))
	return b.Bytes()
}

// response is an answer, taken apart.
type response struct {
	Errors     []failure       `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions *struct {
		Degraded []report.DegradedPart `json:"degraded"`
	} `json:"extensions,omitempty"`
}

type failure struct {
	Message    string            `json:"message"`
	Path       []any             `json:"path,omitempty"`
	Extensions map[string]string `json:"extensions"`
}

func (f failure) path() string { return strings.Trim(fmt.Sprint(f.Path), "[]") }

// parse reads an answer and puts its lists in order: fields fail side by side.
func parse(t testing.TB, answer string) (r response) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	slices.SortFunc(r.Errors, func(a, b failure) int { return cmp.Compare(a.path(), b.path()) })
	if r.Extensions != nil {
		slices.SortFunc(r.Extensions.Degraded, func(a, b report.DegradedPart) int { return cmp.Compare(a.Service, b.Service) })
	}
	return r
}

// degraded is the list of that name, as "service: reason".
func (r response) degraded() (parts []string) {
	if r.Extensions != nil {
		for _, p := range r.Extensions.Degraded {
			parts = append(parts, p.Service+": "+p.Reason)
		}
	}
	return parts
}
