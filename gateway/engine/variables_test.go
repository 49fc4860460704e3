package engine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"tributary/gateway/engine"
)

// Of the variables of a request, only those count that the operation declares. The others
// need only be JSON.
func TestVariables_DeclaredOnes(t *testing.T) {
	const operations = `query Hello($name: String! = "you") { hello(name: $name) } query Sum($of: [Int!]!) { sum(of: $of) }`
	long := "[" + strings.TrimSuffix(strings.Repeat("1,", 2_500), ",") + "]"
	for name, tt := range map[string]struct {
		operation, variables string
		status               int
		want                 string
	}{
		"all":                  {"Hello", `{"name":"me"}`, 200, "hello me"},
		"others":               {"Hello", `{"name":"me","of":["` + strings.Repeat("x", 100) + `"],"":{"":null}}`, 200, "hello me"},
		"of another operation": {"Sum", `{"of":[1],"name":17}`, 200, `"sum":"[1]"`},
		"no declared one":      {"Hello", `{"nam":"me"}`, 200, "hello you"},
		"none":                 {"Hello", `{}`, 200, "hello you"},
		"nothing":              {"Hello", `null`, 200, "hello you"},
		"a name with escapes":  {"Hello", `{"n\u0061me":"me"}`, 200, "hello me"},
		"a long list":          {"Sum", `{"of":` + long + `}`, 422, `"limit":"list"`},
		"a long list beside":   {"Hello", `{"of":` + long + `}`, 200, "hello you"},
		"no JSON beside":       {"Hello", `{"of":[1,]}`, 400, "must be"},
		"half a pair beside":   {"Hello", `{"of":"\ud800"}`, 400, "half of a surrogate pair"},
		"one twice":            {"Hello", `{"name":"a","name":"b"}`, 400, "two members of one name"},
		"one twice by escapes": {"Hello", `{"name":"a","n\u0061me":"b"}`, 400, "two members of one name"},
		"another one twice":    {"Hello", `{"of":1,"of":2}`, 400, "two members of one name"},
		"one of many twice":    {"Hello", `{` + times(1000, `"v#":1,`) + `"v500":1}`, 400, "two members of one name"},
		"many":                 {"Hello", `{` + times(1000, `"v#":1,`) + `"name":"me"}`, 200, "hello me"},
		"a wrong one":          {"Sum", `{"of":"x"}`, 422, `\"$of\"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			got := s.post(fmt.Sprintf(`{"query":%q,"operationName":%q,"variables":%s}`, operations, tt.operation, tt.variables))
			if got.status != tt.status || !strings.Contains(got.text, tt.want) {
				t.Errorf("POST: %d %.300s, want %d and %s", got.status, got.text, tt.status, tt.want)
			}
			query := url.Values{"query": {operations}, "operationName": {tt.operation}, "variables": {tt.variables}}
			got = s.do(http.MethodGet, query.Encode(), "", "Accept", graphQL)
			if got.status != tt.status || !strings.Contains(got.text, tt.want) {
				t.Errorf("GET: %d %.300s, want %d and %s", got.status, got.text, tt.status, tt.want)
			}
		})
	}
}

// What a request allocates is bounded by its bytes, and by its values where they are decoded.
// The bodies have as many values as may be, or as many bytes, or both.
func TestVariables_CostOfABody(t *testing.T) {
	const most, perValue, megabyte = 19_900, 400, 1 << 20
	list := func(n int, value string) string { return "[" + strings.Repeat(value+",", n-1) + value + "]" }
	members := func(n int, format string) string { return "{" + strings.TrimSuffix(times(n, format+","), ",") + "}" }
	for name, variables := range map[string]string{
		"numbers": list(most, "1"), "empty objects": list(most, "{}"), "empty lists": list(most, "[]"),
		"objects": list(most/2, `{"a":1}`), "lists": list(most/2, "[1]"), "strings": list(most, `"a"`),
		"members": members(most, `"#":1`), "members of members": members(most/2, `"#":{"a":1}`),
		"depth": nested(9_900, "[", "", "]"), "depth of objects": nested(9_900, `{"a":`, "1", "}"),
		"a long string":   `"` + strings.Repeat("x", megabyte-200) + `"`,
		"escapes":         `"` + strings.Repeat(`\u0041`, megabyte/6-100) + `"`,
		"a long number":   strings.Repeat("9", megabyte-200),
		"a long name":     `{"` + strings.Repeat("x", megabyte-200) + `":1}`,
		"spaces":          "[" + strings.Repeat(" ", megabyte-200) + "1]",
		"too many":        list(megabyte/2-100, "1"),
		"too many, names": members(100_000, `"#":1`),
		"not JSON":        strings.Repeat("[1,", 200_000),
	} {
		for query, may := range map[string]struct{ perByte, values int }{
			`query { hello }`:                    {4, 0}, // none is decoded
			`query($v: [Int!]!) { sum(of: $v) }`: {10, most},
		} {
			body := fmt.Sprintf(`{"query":%q,"variables":{"v":%s}}`, query, variables)
			s := newServer(t, engine.Config{DocumentsMB: 1})
			s.ask(query) // so that the document is known
			bound := may.perByte*len(body) + perValue*may.values + 64<<10
			if got := allocated(s, body); got > bound {
				t.Errorf("%s, %s: %d bytes for a body of %d, more than %d", name, query, got, len(body), bound)
			} else {
				t.Logf("%s, %s: %d bytes for a body of %d", name, query, got, len(body))
			}
		}
	}
}

// allocated is what the server allocates for a body.
func allocated(s *server, body string) int {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", plain)
	w := httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.handler.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}
