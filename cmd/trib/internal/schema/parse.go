package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/cmd/trib/internal/directive"
)

// goDirectives are those of gqlgen that are of use in a project.
const goDirectives = `
directive @goField(forceResolver: Boolean, name: String, omittable: Boolean, type: String, autoBindGetterHaser: Boolean, forceGenerate: Boolean, batch: Boolean) on INPUT_FIELD_DEFINITION | FIELD_DEFINITION
directive @goModel(model: String, models: [String!], forceGenerate: Boolean) on OBJECT | INPUT_OBJECT | SCALAR | ENUM | INTERFACE | UNION
directive @goTag(key: String!, value: String) repeatable on INPUT_FIELD_DEFINITION | FIELD_DEFINITION
directive @goEnum(value: String) on ENUM_VALUE
`

// Sources returns the definitions of the directives that the files of a schema may use.
func Sources(files []*ast.Source) []*ast.Source {
	for _, f := range files {
		if strings.Contains(f.Input, "directive @goField") {
			return []*ast.Source{directive.Source()}
		}
	}
	return []*ast.Source{directive.Source(), {Name: "gqlgen.graphqls", Input: goDirectives, BuiltIn: true}}
}

// Parse parses a schema. The error is one line, with file and line.
func Parse(sources []*ast.Source) (*ast.Schema, error) {
	parsed, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		return nil, located(err)
	}
	return parsed, nil
}

// located formats an error of the parser with its file and line.
func located(err error) error {
	e, ok := errors.AsType[*gqlerror.Error](err)
	if list, several := errors.AsType[gqlerror.List](err); several && len(list) > 0 {
		e, ok = list[0], true
	}
	if !ok {
		return err
	}
	at := ""
	if file, ok := e.Extensions["file"].(string); ok {
		at = file + ":"
	}
	if len(e.Locations) > 0 {
		at += fmt.Sprintf("%d:", e.Locations[0].Line)
	}
	return errors.New(strings.TrimSpace(at + " " + e.Message))
}
