package generate

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func TestExactDefaults_Code(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
scalar Decimal
type Query { books(in: Range): Int }
enum Mood { CALM }
input Range { max: Decimal = 1.50 first: Int = 20 steps: [Decimal!] = [0.10, 2] inner: Range = {max: 12345678901234567890.10, moods: [CALM], text: "a", on: true, none: null} text: String = "1.5" moods: [Mood!] on: Boolean none: Int }
`})
	const before = `func (ec *executionContext) unmarshalInputRange(ctx context.Context, obj any) (services.Range, error) {
		asMap["max"] = 1.5
		asMap["first"] = 20
		asMap["steps"] = []any{0.1, 2}
		asMap["inner"] = map[string]any{"max": 1.2345678901234567e+19}
		asMap["text"] = "1.5"
}
func (ec *executionContext) unmarshalInputOther(ctx context.Context, obj any) (services.Other, error) {
		asMap["max"] = 1.5
}`
	const want = `func (ec *executionContext) unmarshalInputRange(ctx context.Context, obj any) (services.Range, error) {
		asMap["max"] = json.Number("1.50")
		asMap["first"] = 20
		asMap["steps"] = []any{json.Number("0.10"), json.Number("2")}
		asMap["inner"] = map[string]any{"max": json.Number("12345678901234567890.10"), "moods": []any{"CALM"}, "text": "a", "on": true, "none": nil}
		asMap["text"] = "1.5"
}
func (ec *executionContext) unmarshalInputOther(ctx context.Context, obj any) (services.Other, error) {
		asMap["max"] = 1.5
}`
	if got := exactDefaultsOf(schema, before); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
