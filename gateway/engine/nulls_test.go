package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tributary/gateway/engine"
)

// A default lets a variable that may be null stand where null must not be. What
// it does not do is to take the place of a null that was sent.
func TestNulls_DefaultedVariable(t *testing.T) {
	for name, query := range map[string]string{
		"an argument":                 `query($v: String = "me") { hello(name: $v) }`,
		"an argument with a default":  `query($v: String) { hello(name: $v) }`,
		"a list":                      `query($v: [Int!] = [1]) { sum(of: $v) }`,
		"a member of a list":          `query($v: Int = 1) { sum(of: [2, $v]) }`,
		"a field to include":          `query($v: Boolean = true) { hello @include(if: $v) }`,
		"a field to skip, below":      `query($v: Boolean = true) { me { me { hello @skip(if: $v) } } }`,
		"an inline fragment":          `query($v: Boolean = true) { ... @include(if: $v) { hello } }`,
		"a spread":                    `query($v: Boolean = true) { ...f @skip(if: $v) } fragment f on Query { hello }`,
		"in a fragment":               `query($v: String = "me") { ...f me { ...f } } fragment f on Query { hello(name: $v) }`,
		"in a fragment of a fragment": `query($v: String = "me") { ...f } fragment f on Query { ...g } fragment g on Query { me { hello(name: $v) } }`,
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"v": nil}})
			if err != nil {
				t.Fatal(err)
			}
			got := newServer(t, engine.Config{}).post(string(body)).expect(422, "BAD_USER_INPUT")
			if m := got.answer().Errors[0].Message; !strings.HasPrefix(m, "Variable \"$v\" ") || !strings.Contains(m, "must not be null") {
				t.Errorf("message %q", m)
			}
		})
	}
}

func TestNulls_Accepted(t *testing.T) {
	for name, body := range map[string]string{
		"the place may be null":         `{"query":"query($v: Boolean = true) { __type(name: \"Query\") { fields(includeDeprecated: $v) { name } } }","variables":{"v":null}}`,
		"another operation has a place": `{"query":"query A($v: String = \"me\") { hello(name: $v) } query B { hello }","operationName":"B","variables":{"v":null}}`,
		"the default stands in":         `{"query":"query($v: String = \"me\") { hello(name: $v) }"}`,
	} {
		t.Run(name, func(t *testing.T) {
			newServer(t, engine.Config{Introspection: true}).post(body).expect(200, "")
		})
	}
}
