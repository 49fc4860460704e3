package generate

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/tools/imports"
)

// exactDefaults gives the inputs in generated code their defaults with the digits of the
// schema, which gqlgen has made floats of.
func exactDefaults(schema *ast.Schema, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.generated.go"))
	for _, file := range files {
		code, err := os.ReadFile(file) //nolint:gosec // G304: a file of the project
		if err != nil {
			return err
		}
		exact := exactDefaultsOf(schema, string(code))
		if exact == string(code) {
			continue
		}
		formatted, err := imports.Process(file, []byte(exact), nil)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, formatted, 0o644); err != nil { //nolint:gosec // G306: source code
			return err
		}
	}
	return err
}

var (
	inputFunc    = regexp.MustCompile(`^func \(.*\) unmarshalInput(\w+)\(`)
	inputDefault = regexp.MustCompile(`^(\s*asMap\["(\w+)"\] = ).+$`)
)

// exactDefaultsOf returns generated code in which the defaults of inputs with fractions are
// exact.
func exactDefaultsOf(schema *ast.Schema, code string) string {
	var input *ast.Definition
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		if m := inputFunc.FindStringSubmatch(line); m != nil {
			input = schema.Types[m[1]]
		}
		m := inputDefault.FindStringSubmatch(line)
		if m == nil || input == nil {
			continue
		}
		if f := input.Fields.ForName(m[2]); f != nil && hasFraction(f.DefaultValue) {
			lines[i] = m[1] + goValue(f.DefaultValue)
		}
	}
	return strings.Join(lines, "\n")
}

func hasFraction(v *ast.Value) bool {
	if v == nil {
		return false
	}
	for _, child := range v.Children {
		if hasFraction(child.Value) {
			return true
		}
	}
	return v.Kind == ast.FloatValue
}

// goValue returns the expression of a value, as variables have it.
func goValue(v *ast.Value) string {
	var all []string
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		return "json.Number(" + strconv.Quote(v.Raw) + ")"
	case ast.StringValue, ast.BlockValue, ast.EnumValue:
		return strconv.Quote(v.Raw)
	case ast.ListValue:
		for _, child := range v.Children {
			all = append(all, goValue(child.Value))
		}
		return "[]any{" + strings.Join(all, ", ") + "}"
	case ast.ObjectValue:
		for _, child := range v.Children {
			all = append(all, strconv.Quote(child.Name)+": "+goValue(child.Value))
		}
		return "map[string]any{" + strings.Join(all, ", ") + "}"
	case ast.NullValue:
		return "nil"
	}
	return v.Raw // true or false
}
