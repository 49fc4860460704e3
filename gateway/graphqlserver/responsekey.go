package graphqlserver

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/lexer"

	"tributary/gateway/internal/digest"
	"tributary/gateway/responsecache"
)

// responseKey is the key of a query in the response cache. It is equal for queries whose
// documents differ at most in whitespace, commas and comments, and whose operations,
// declared variables and schemas are the same, so that their answers can only differ if
// the entities do. Variables are those that the operation declares, as JSON.
func responseKey(version responsecache.Key, q *query, variables []byte) responsecache.Key {
	d := digest.NewSequence()
	d.Bytes(version[:])
	d.Bytes(q.doc.meaning[:])
	d.Text(q.selected.Name)
	d.Bytes(variables)
	return responsecache.Key(d.Sum())
}

// declaredVariables returns the variables of a query that its operation declares, in the
// order of the declarations, as a JSON object, or nil if there are none. It is not ok if they are not JSON.
func declaredVariables(q *query) (object []byte, ok bool) {
	before := byte('{')
	for _, v := range q.selected.VariableDefinitions {
		value, given := q.Variables[v.Variable]
		if !given { // not the same as null
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, false
		}
		object = append(strconv.AppendQuote(append(object, before), v.Variable), ':')
		object = append(object, text...)
		before = ','
	}
	if object == nil {
		return nil, true
	}
	return append(object, '}'), true
}

// versionOf returns a digest of a schema.
func versionOf(schema *ast.Schema) responsecache.Key {
	d := digest.NewSequence()
	formatter.NewFormatter(d).FormatSchema(schema)
	return responsecache.Key(d.Sum())
}

// maxNormalized is the length of the longest document of which insignificant characters do
// not matter, in bytes. To read the tokens of a longer one again costs as much as parsing it.
const maxNormalized = 64 << 10

// meaningOf returns a digest of the tokens of a valid document, or of its text if that is
// long.
func meaningOf(text string, hash digest.Sum) responsecache.Key {
	if len(text) > maxNormalized {
		return responsecache.Key(hash)
	}
	d := digest.NewSequence()
	for tokens := lexer.New(&ast.Source{Input: text}); ; {
		token, err := tokens.ReadToken()
		switch {
		case err != nil || token.Kind == lexer.EOF:
			return responsecache.Key(d.Sum())
		case token.Kind != lexer.Comment:
			d.Text(token.Kind.Name())
			d.Text(token.Value)
		}
	}
}
