package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/gateway/engine/httptransport"
	"tributary/graph"
)

func queryFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "query.graphql")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestExplain_Calls(t *testing.T) {
	t.Parallel()
	o := tributary(t, nil, "explain", queryFile(t, graph.RESTProfile), `--variables={"id":"u1"}`)
	const want = `profile     users: 1 key
  user      users: asked already
  orders    orders: 1 key
  products  orders: asked already, products: ~100 keys

orders    1 call  (1 key)
products  1 call  (~100 keys)
users     1 call  (1 key)

~ with lists as long as the joins assume
`
	var lines []string // ends of lines are padded
	for line := range strings.Lines(o.stdout) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if got := strings.Join(lines, "\n") + "\n"; o.err != nil || got != want {
		t.Errorf("%v, got\n%s, want\n%s", o.err, got, want)
	}
}

func TestExplain_Stdin(t *testing.T) {
	t.Parallel()
	file, err := os.Open(queryFile(t, `{ user(id: "u1") { id } }`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if o := outcomeOf(builder.Run(t, nil, file, "explain", "-")); o.err != nil || !strings.Contains(o.stdout, "users  1 call") {
		t.Errorf("%v: %s", o.err, o.stdout)
	}
}

func TestExplain_Rejection(t *testing.T) {
	t.Parallel()
	costly := queryFile(t, `{ users(ids: ["a", "b", "c"]) { id } }`)
	for name, tt := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"too many calls":          {[]string{costly, "--graphql-max-calls=2"}, 1, []string{"3 calls to the users service, more than 2"}},
		"no such field":           {[]string{queryFile(t, "{ nothing }")}, 1, []string{"nothing"}},
		"a file that is not":      {[]string{"/nowhere/q.graphql"}, 2, []string{"/nowhere/q.graphql"}},
		"variables that are none": {[]string{costly, "--variables=[]"}, 2, []string{"variables"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := tributary(t, nil, append([]string{"explain"}, tt.args...)...)
			if o.code() != tt.code {
				t.Errorf("exit code %d (%v), want %d", o.code(), o.err, tt.code)
			}
			for _, part := range tt.want {
				if !strings.Contains(complaint(o.err), part) {
					t.Errorf("%q does not say %s", complaint(o.err), part)
				}
			}
			if name == "too many calls" && !strings.Contains(o.stdout, "users  3 calls") {
				t.Errorf("the cost is not told: %s", o.stdout)
			}
		})
	}
}

func TestExplain_CostHeader(t *testing.T) {
	t.Parallel()
	s := dev(t, "--graphql-max-calls=1")
	ask := func(query string, header ...string) (answer struct {
		Data       json.RawMessage
		Errors     []any
		Extensions struct{ Cost json.RawMessage }
	}) {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.gateway+"/graphql", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for _, name := range header {
			req.Header.Set(name, "1")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	const query, one = `{ user(id: "user123") { id } }`, `{"services":[{"service":"users","keys":1,"at_most":1,"at_least":1,"assumed":false}]}`
	for range 2 { // the second answer comes from the cache
		if a := ask(query, httptransport.CostHeader); string(a.Extensions.Cost) != one || a.Data == nil {
			t.Errorf("the cost is %s of %s", a.Extensions.Cost, a.Data)
		}
		if a := ask(query); a.Extensions.Cost != nil {
			t.Errorf("who does not ask is told %s", a.Extensions.Cost)
		}
	}
	a := ask(`{ users(ids: ["a", "b"]) { id } }`, httptransport.CostHeader)
	if !strings.Contains(string(a.Extensions.Cost), `"at_most":2`) || len(a.Errors) != 1 {
		t.Errorf("over the budget: %s, %v", a.Extensions.Cost, a.Errors)
	}
}
