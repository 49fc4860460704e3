package engine_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"tributary/gateway/engine"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"
)

// What is read as U+FFFD would be the id of another thing. Whole pairs, and a
// U+FFFD that is meant, are characters like others.
func TestUnicode_Escapes(t *testing.T) {
	s := newServer(t, engine.Config{})
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
		got := s.post(queryBody("{ hello(name: " + literal + ") }"))
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

// Escapes are found as by the grammar of strings.
func TestSurrogates_AgreeWithTheGrammar(t *testing.T) {
	s := newServer(t, engine.Config{})
	texts := regexp.MustCompile(`(?s)#[^\r\n]*|"""(?:\\"""|.)*?"""+|"(?:\\.|[^"\\])*"`)
	escapes := regexp.MustCompile(`(?is)\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)`)
	pieces := []string{`\uD83D`, `\uDE00`, `\u0041`, `\n`, `\\`, `\"`, `"`, `"`, `""`, `"""`, `\"""`, "#", "\n", "\r", " ", "u", `\u{1F600}`}
	found := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := `{ hello(name: "` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "") + `") }` + "\n"
		if _, err := parser.ParseQuery(&ast.Source{Input: text}); err != nil {
			t.Skip()
		}
		half := ""
		for _, text := range texts.FindAllString(text, -1) {
			for _, escape := range escapes.FindAllStringSubmatch(text, -1) {
				if half == "" && text[0] != '#' && !strings.HasPrefix(text, `"""`) && escape[1] != "" {
					half = `\` + escape[1]
				}
			}
		}
		_, got := s.handler.Explain(t.Context(), engine.Request{Query: text})
		refused := got != nil && strings.Contains(got.Errors[0].Message, "half of a surrogate pair")
		if refused != (half != "") || (refused && !strings.HasPrefix(got.Errors[0].Message, half+" ")) {
			t.Fatalf("%v, want %q of %s", got, half, text)
		}
		found[refused]++
	})
	if len(found) != 2 {
		t.Error("one kind was never drawn")
	}
}
