package graphqlserver_test

import (
	"encoding/json"
	"testing"

	"tributary/gateway/graphqlserver"
)

// What is read as U+FFFD would be the id of another thing. Whole pairs, and a
// U+FFFD that is meant, are characters like others.
func TestEscapesInStringsOfADocument(t *testing.T) {
	s := newServer(t, graphqlserver.Config{})
	for literal, want := range map[string]string{
		`"\uD83D\uDE00 \ud83d\ude00"`: "😀 😀",
		`"\u{1F600}"`:                 "😀",
		`"\uFFFD�"`:                   "��",
		`"\\uD83D"`:                   `\uD83D`,
		`"""\uD83D "\uDE00" """`:      `\uD83D "\uDE00" `,
		`"a" #"\uD83D"` + "\n":        "a",
		`"\uD83D"`:                    "",
		`"\uDE00"`:                    "",
		`"\uDE00\uD83D"`:              "",
		`"\uD83D\uD83D\uDE00"`:        "",
		`"\uD83D\uDE00\uDE00"`:        "",
		`"\uD83D \uDE00"`:             "",
		`"\uD83D\\uDE00"`:             "",
		`"\uD83D\u{DE00}"`:            "",
		`"\t\udbff\""`:                "",
	} {
		got := s.post(document("{ hello(name: " + literal + ") }"))
		if want == "" {
			got.expect(400, "GRAPHQL_PARSE_FAILED")
			continue
		}
		data, _ := json.Marshal(map[string]string{"hello": "hello " + want})
		got.expect(200, "").data(string(data))
	}
	got := s.post(`{"query":"query($n: String!) { hello(name: $n) }","variables":{"n":"\ud83d\ude00\ufffd�"}}`)
	got.expect(200, "").data(`{"hello":"hello 😀��"}`)
}
