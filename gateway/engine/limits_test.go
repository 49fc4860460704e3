package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// times writes n things, which format may number.
func times(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

func nested(n int, open, core, shut string) string {
	return strings.Repeat(open, n) + core + strings.Repeat(shut, n)
}

// Each limit lets pass what is at its value, and refuses one more: before
// anything is executed, with the limit and both numbers, and counted.
func TestLimits_AtAndBeyond(t *testing.T) {
	list := func(n int) any { return make([]int, n) }
	for name, tt := range map[string]struct {
		bounds    func(*limits.Config)
		query     func(n int) string
		variables func(n int) any
		at        int
		uncounted bool // to the end: there is no value
	}{
		"tokens": {func(l *limits.Config) { l.Tokens = 50 }, // a brace, a name a field, a brace and the end
			func(n int) string { return "{" + times(n-2, " hello") + "}" }, nil, 50, true},
		"tokens/fragments": {func(l *limits.Config) { l.Tokens = 50 }, // four times as many elements: 10 times 1 + 17, and 17 in the fragment by itself
			func(n int) string {
				return "{" + times(10, " ...f") + times(n-197, " hello") + "} fragment f on Query {" + times(17, " hello") + "}"
			}, nil, 200, false},
		"selections": {func(l *limits.Config) { l.Selections = 7 }, func(n int) string { return "{" + times(n-2, " hello") + " ...{hello}}" }, nil, 7, false},
		"fragments": {func(l *limits.Config) { l.Fragments = 3 }, func(n int) string {
			return "{" + times(n, " ...f#") + "}" + times(n, " fragment f# on Query { hello }")
		}, nil, 3, false},
		"depth":           {func(l *limits.Config) { l.Depth = 5 }, func(n int) string { return "{" + nested(n-1, "me{", "hello", "}") + "}" }, nil, 5, false},
		"depth/fragments": {func(l *limits.Config) { l.Depth = 5 }, func(n int) string { return "{me{...f}} fragment f on Query {" + nested(n-2, "me{", "hello", "}") + "}" }, nil, 5, false},
		"root_fields":     {func(l *limits.Config) { l.RootFields = 5 }, func(n int) string { return "{" + times(n, " a#: hello") + "}" }, nil, 5, false},
		"root_fields/same": {func(l *limits.Config) { l.RootFields = 8 }, func(n int) string {
			return "{" + times(n/4, " ...f") + times(n%4, " hello") + "} fragment f on Query {hello hello ...{hello hello}}"
		}, nil, 8, false},
		"aliases": {func(l *limits.Config) { l.Aliases = 5 }, func(n int) string { return "{hello me {" + times(n, " a#: hello") + "}}" }, nil, 5, false},
		"aliases/spread": {func(l *limits.Config) { l.Aliases = 5 }, func(n int) string {
			return "{hello a: me { ...f } " + times(n-3, " b#: hello") + " me { ...f }} fragment f on Query {a: hello}"
		}, nil, 5, false},
		"directives": {func(l *limits.Config) { l.Directives = 5 }, func(n int) string { return "{" + times(n, " a#: hello @skip(if: false)") + "}" }, nil, 5, false},
		"directives/all": {func(l *limits.Config) { l.Directives = 5 }, func(n int) string {
			return "{ hello @skip(if: false) ...@include(if: true){ hello } ...f @skip(if: false)} fragment f on Query {" + times(n-3, " a#: hello @skip(if: false)") + "}"
		}, nil, 5, false},
		"list":          {func(l *limits.Config) { l.List = 5 }, func(n int) string { return "{ sum(of: [" + times(n, " #") + "]) }" }, nil, 5, false},
		"list/variable": {func(l *limits.Config) { l.List = 5 }, func(int) string { return "query($l: [Int!]!) { sum(of: $l) }" }, list, 5, false},
		"list/default":  {func(l *limits.Config) { l.List = 5 }, func(n int) string { return "query($l: [Int!]! = [" + times(n, " #") + "]) { sum(of: $l) }" }, nil, 5, false},
		"alias_length":  {func(l *limits.Config) { l.AliasLength = 5 }, func(n int) string { return "{ hello b: hello " + strings.Repeat("a", n) + ": hello }" }, nil, 5, false},
		"alias_length/spread": {func(l *limits.Config) { l.AliasLength = 5 }, func(n int) string {
			return "{ me { ...f } } fragment f on Query { me { ...{ " + strings.Repeat("a", n) + ": hello } } }"
		}, nil, 5, false},
		"response": {func(l *limits.Config) { l.Response = 100 }, func(n int) string {
			return `{ hello(name: "` + strings.Repeat("a", n-len(`{"data":{"hello":"hello "}}`+"\n")) + `") }`
		}, nil, 100, true},
		"values": {func(l *limits.Config) { l.Values = 9 }, func(int) string { return "{ hello }" }, // beside those in the list
			func(n int) any { return make([]int, n-4) }, 9, false},
		"fields": {func(l *limits.Config) { l.Fields = 12 }, func(n int) string { return "{ many { hello }" + times(n-11, " a#: hello") + "}" }, nil, 12, true},
	} {
		t.Run(name, func(t *testing.T) {
			limit, _, _ := strings.Cut(name, "/")
			bounds := limits.Default()
			tt.bounds(&bounds)
			s := newServer(t, engine.Config{Limits: bounds})
			ask := func(n int) reply {
				members := map[string]any{"query": tt.query(n)}
				if tt.variables != nil {
					members["variables"] = map[string]any{"l": tt.variables(n)}
				}
				text, err := json.Marshal(members)
				if err != nil {
					t.Fatal(err)
				}
				return s.post(string(text))
			}
			ask(tt.at).expect(200, "")
			if n := s.count("graphql_limit_hits_total", limit); n != 0 {
				t.Errorf("counted %v before there was one", n)
			}
			over := ask(tt.at+1).expect(422, "QUERY_TOO_COMPLEX").answer().Errors[0]
			value := any(float64(tt.at + 1))
			if tt.uncounted {
				value = nil
			}
			if e := over.Extensions; e["limit"] != limit || e["allowed"] != float64(tt.at) || e["value"] != value {
				t.Errorf("the error has %v", e)
			}
			if !strings.Contains(over.Message, fmt.Sprintf("more than %d", tt.at)) {
				t.Errorf("message %q", over.Message)
			}
			if n := s.count("graphql_limit_hits_total", limit); n != 1 {
				t.Errorf("counted %v, want 1", n)
			}
		})
	}
}

func TestLimits_Body(t *testing.T) {
	bounds := limits.Default()
	bounds.Body = 100
	s := newServer(t, engine.Config{Limits: bounds})
	pad := func(n int) string { return body(t, "{ hello }") + strings.Repeat(" ", n-len(body(t, "{ hello }"))) }
	s.post(pad(100)).expect(200, "")
	over := s.post(pad(101)).expect(413, "BAD_USER_INPUT").answer().Errors[0]
	if over.Message != "the body has more than 100 bytes" || s.count("graphql_limit_hits_total", "body") != 1 {
		t.Errorf("message %q, counted %v", over.Message, s.count("graphql_limit_hits_total", "body"))
	}
}

func TestLimits_Defaults(t *testing.T) {
	var set struct {
		Limits limits.Config `embed:""`
	}
	parse := func(args ...string) error {
		parser, err := kong.New(&set)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		return err
	}
	if err := parse(); err != nil || set.Limits != limits.Default() {
		t.Errorf("the defaults of the settings are %+v (%v), of the code %+v", set.Limits, err, limits.Default())
	}
	if err := parse("--graphql-max-depth=0"); err == nil || !strings.Contains(err.Error(), "graphql-max-depth must be more than 0") {
		t.Errorf("no depth at all: %v", err)
	}
}
