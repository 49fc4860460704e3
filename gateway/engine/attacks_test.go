package engine_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"tributary/gateway/engine"
)

// An attack is a request that is cheap to send.
type attack struct {
	body   string
	status int
	code   string
}

// queryBody is the body of a document.
func queryBody(query string) string {
	text, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// doubling is a chain of n fragments each of which spreads the next one twice,
// under the names that are given.
func doubling(n int, a, b string) string {
	var text strings.Builder
	text.WriteString("{ ...f0 }")
	for i := range n {
		fmt.Fprintf(&text, " fragment f%d on Query { %sme { ...f%d } %sme { ...f%d } }", i, a, i+1, b, i+1)
	}
	fmt.Fprintf(&text, " fragment f%d on Query { hello }", n)
	return text.String()
}

const (
	tooComplex = "QUERY_TOO_COMPLEX"
	notValid   = "GRAPHQL_VALIDATION_FAILED"
	notGraphQL = "GRAPHQL_PARSE_FAILED"
	badInput   = "BAD_USER_INPUT"
)

// attacks is the corpus. Where the status is 200 the request is harmless, and
// there to show that what looks like it is let pass.
func attacks() map[string]attack {
	repeat := strings.Repeat
	return map[string]attack{
		"aliases of one field":              {queryBody("{" + times(1900, " a#: hello") + "}"), 422, tooComplex},
		"aliases through fragments":         {queryBody(doubling(30, "a: ", "b: ")), 422, tooComplex},
		"one field very often":              {queryBody("{" + repeat(" hello", 2001) + "}"), 422, tooComplex},
		"many names for one field":          {queryBody("{" + repeat(" ...{hello}", 1500) + "}"), 422, tooComplex},
		"depth":                             {queryBody("{" + nested(900, "me{", "hello", "}") + "}"), 422, tooComplex},
		"depth that the parser won't go to": {queryBody("{" + nested(4000, "me{", "hello", "}") + "}"), 422, tooComplex},
		"lists in lists":                    {queryBody("{" + nested(30, "many{", "hello", "}") + "}"), 422, tooComplex},
		"a few lists in lists":              {queryBody("{" + nested(4, "many{", "hello", "}") + "}"), 200, ""},
		"a fragment in itself":              {queryBody("{ ...a } fragment a on Query { ...a }"), 422, notValid},
		"fragments in a circle":             {queryBody("{ ...a } fragment a on Query { me { ...b } } fragment b on Query { me { ...a } }"), 422, notValid},
		"fragments that double":             {queryBody(doubling(100, "", "")), 422, tooComplex},
		"one fragment very often":           {queryBody("{" + repeat(" ...f", 2001) + "} fragment f on Query { hello }"), 422, tooComplex},
		"many fragments":                    {queryBody("{hello}" + times(2000, " fragment f# on Query { hello }")), 422, tooComplex},
		"directives":                        {queryBody("{ hello" + repeat(" @skip(if: false)", 1500) + " }"), 422, tooComplex},
		"directives that there are not":     {queryBody("{ hello" + repeat(" @a", 400) + " }"), 422, notValid},
		"directives on an operation":        {queryBody("query" + repeat(" @a", 3000) + " { hello }"), 422, tooComplex},
		"tokens":                            {queryBody("{ sum(of: [" + repeat("1 ", 15_000) + "]) }"), 422, tooComplex},
		"tokens of nothing but braces":      {queryBody(repeat("{", 500_000)), 400, notGraphQL},
		"commas":                            {queryBody("{ hello " + repeat(",\n", 250_000) + "}"), 200, ""},
		"comments":                          {queryBody("{ hello " + repeat("#\n", 250_000) + "}"), 422, tooComplex},
		"operations":                        {queryBody(repeat("query A { hello } ", 1900)), 422, notValid},
		"definitions of variables":          {queryBody("query(" + repeat("$a: Int ", 3000) + ") { hello }"), 422, notValid},
		"values of variables":               {`{"query":"{ hello }","variables":{` + strings.TrimPrefix(times(19_000, `,"v#":1`), ",") + `}}`, 200, ""},
		"too many values of variables":      {`{"query":"{ hello }","variables":{` + strings.TrimPrefix(times(60_000, `,"v#":1`), ",") + `}}`, 422, tooComplex},
		"a variable that is a long list":    {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[1` + repeat(",1", 400_000) + `]}}`, 422, tooComplex},
		"a variable of a million wrongs":    {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[null` + repeat(",null", 1_900) + `]}}`, 422, badInput},
		"the schema":                        {queryBody("{ __schema { types { name } } }"), 422, notValid},
		"the schema in circles":             {queryBody("{ __schema { types { " + nested(60, "fields { type { ", "name", " } }") + " } } }"), 422, tooComplex},
		"a number of many digits":           {queryBody("{ sum(of: [" + repeat("9", 900_000) + "]) }"), 422, notValid},
		"a variable of many digits":         {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[` + repeat("9", 900_000) + `]}}`, 422, badInput},
		"a huge exponent":                   {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[1e999999999]}}`, 422, badInput},
		"a long name":                       {queryBody("{ " + repeat("a", 900_000) + " }"), 422, notValid},
		"a long string":                     {queryBody(`{ hello(name: "` + repeat("a", 900_000) + `") }`), 200, ""},
		"a list of lists":                   {queryBody("{ sum(of: " + nested(5000, "[", "", "]") + ") }"), 422, tooComplex},
		"an object in itself":               {queryBody("{ sum(of: " + nested(900, "{a:", "1", "}") + ") }"), 422, tooComplex},
		"an object in itself, not too deep": {queryBody("{ sum(of: " + nested(39, "{a:", "1", "}") + ") }"), 422, notValid},
		"operations on one fragment":        {queryBody(times(700, " query A# {...f}") + " fragment f on Query { me {" + repeat(" hello", 1200) + "}}"), 422, tooComplex},
		"fragments that there are not":      {queryBody("{ me {" + times(1900, " ...f#") + "} }"), 422, notValid},
		"deep JSON":                         {`{"query":"{ hello }","variables":{"a":` + nested(200_000, "[", "", "]") + `}}`, 400, badInput},
		"deep JSON that is read":            {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":` + nested(9_000, "[", "", "]") + `}}`, 422, badInput},
		"deep JSON that nobody asked for":   {`{"query":"{ hello }","x":` + nested(400_000, "[", "", "]") + `}`, 400, badInput},
		"deep extensions":                   {`{"query":"{ hello }","extensions":{"persistedQuery":` + nested(9_000, `{"a":`, "1", "}") + `}}`, 400, badInput},
		"not UTF-8":                         {"{\"query\":\"{ hello(name: \\\"\xff\\\") }\"}", 400, badInput},
		"half a surrogate":                  {`{"query":"{ hello(name: \"\ud800\") }"}`, 400, badInput},
		"a byte order mark":                 {"\ufeff" + queryBody("{ hello }"), 200, ""},
		"a byte order mark in the document": {queryBody("\ufeff{ hello }"), 200, ""},
		"UTF-16":                            {"\xfe\xff\x00{\x00}", 400, badInput},
		"a NUL":                             {queryBody("{ hello \x00 }"), 400, notGraphQL},
		"two queries":                       {`{"query":"{ hello }","query":"{ me { hello } }"}`, 400, badInput},
		"two queries in two cases":          {`{"query":"{ hello }","QUERY":"{ me { hello } }"}`, 200, ""},
		"two sets of variables":             {`{"query":"{ hello }","variables":{},"variables":{"a":1}}`, 400, badInput},
		"one variable twice":                {`{"query":"{ hello }","variables":{"a":1,"a":2}}`, 400, badInput},
		"requests in a list":                {"[" + strings.TrimPrefix(repeat(","+queryBody("{ hello }"), 1000), ",") + "]", 400, badInput},
		"a body that is too long":           {queryBody("{ hello }") + repeat(" ", 1<<20), 413, badInput},
		"a hash of nothing":                 {persisted("", repeat("0", 64)), 404, "PERSISTED_QUERY_NOT_FOUND"},
		"a hash that is no hash":            {persisted("", repeat("z", 500_000)), 404, "PERSISTED_QUERY_NOT_FOUND"},
		"an id that is a document":          {`{"documentId":"` + repeat("x", 500_000) + `"}`, 404, "PERSISTED_QUERY_NOT_FOUND"},
	}
}

// Each attack is answered with its code, soon and in little memory, and a
// normal query is answered after it. An answer repeats little of what was sent.
func TestAttacks_CostLittle(t *testing.T) {
	const little = 192 << 20
	s := newServer(t, engine.Config{Persisted: true, DocumentsMB: 4})
	for name, a := range attacks() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			got := s.post(a.body)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			got.t = t
			got.expect(a.status, a.code)
			if allocated := after.TotalAlloc - before.TotalAlloc; took > soon || allocated > little {
				t.Errorf("it took %v and %d MiB", took, allocated>>20)
			}
			if a.status != 200 && len(got.text) > 8<<10 {
				t.Errorf("the refusal has %d bytes", len(got.text))
			}
			s.ask(`{ hello }`).expect(200, "").data(`{"hello":"hello you"}`)
		})
	}
}

func TestAttacks_DuplicateParameters(t *testing.T) {
	s := newServer(t, engine.Config{})
	for _, raw := range []string{"query={hello}&query={me{hello}}", "query={hello}&variables={}&variables={}", "query={hello}&operationName=A&operationName=B"} {
		s.do("GET", raw, "", "Accept", graphQL).expect(400, badInput)
	}
}

// Where the schema is told, asking for it in circles is refused all the same.
func TestAttacks_Introspection(t *testing.T) {
	s := newServer(t, engine.Config{Introspection: true})
	s.ask("{ __schema { types { "+nested(60, "fields { type { ", "name", " } }")+" } } }").expect(422, tooComplex)
	s.ask("{ __schema { types { "+nested(7, "fields { type { ", "name", " } }")+" } } }").expect(422, notValid)
}
