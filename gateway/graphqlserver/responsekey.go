package graphqlserver

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/lexer"

	"tributary/gateway/cache"
)

// responseKey is the same for two queries whose answers must be the same as
// long as the entities in them are: the documents differ in spaces, commas and
// comments at most, the operations are the same, and so are the variables that
// they know. Under another schema it is another key. It is not ok when the
// variables are no JSON.
func responseKey(version cache.Key, q *query) (key cache.Key, ok bool) {
	sum := sha256.New()
	d := digest{sum}
	d.text(string(version[:]))
	says := q.doc.says()
	d.text(string(says[:]))
	d.text(q.selected.Name)
	for _, v := range q.selected.VariableDefinitions {
		value, given := q.Variables[v.Variable]
		if !given { // not the same as null
			d.text("")
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return key, false
		}
		d.text(string(text))
	}
	return cache.Key(sum.Sum(nil)), true
}

// versionOf is a digest of what a schema says.
func versionOf(schema *ast.Schema) cache.Key {
	sum := sha256.New()
	formatter.NewFormatter(sum).FormatSchema(schema)
	return cache.Key(sum.Sum(nil))
}

// traits are what is found out once of a document whose answers may be kept.
type traits struct {
	reading sync.Once
	says    cache.Key
	hinting sync.Once
	hints   map[*ast.OperationDefinition]hint
}

// says is a digest of what a document says: of its tokens.
func (d *document) says() cache.Key {
	d.traits.reading.Do(func() {
		sum := sha256.New()
		digest{sum}.tokens(d.text)
		d.traits.says = cache.Key(sum.Sum(nil))
	})
	return d.traits.says
}

// hint is what the schema says of keeping the answer to an operation of a document.
func (d *document) hint(schema *ast.Schema, op *ast.OperationDefinition) hint {
	d.traits.hinting.Do(func() {
		d.traits.hints = make(map[*ast.OperationDefinition]hint, len(d.Operations))
		for _, op := range d.Operations {
			d.traits.hints[op] = hintOf(schema, op)
		}
	})
	return d.traits.hints[op]
}

// digest takes texts so that no two sequences of them look the same.
type digest struct{ io.Writer }

func (d digest) text(s string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(s)))
	_, _ = d.Write(length[:]) // a hash takes anything
	_, _ = d.Write([]byte(s))
}

// tokens takes the tokens of a document that has been parsed.
func (d digest) tokens(text string) {
	for tokens := lexer.New(&ast.Source{Input: text}); ; {
		token, err := tokens.ReadToken()
		switch {
		case err != nil || token.Kind == lexer.EOF:
			return
		case token.Kind != lexer.Comment:
			d.text(token.Kind.Name())
			d.text(token.Value)
		}
	}
}
