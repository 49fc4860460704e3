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

// responseKey is the key of a query in the response cache. It is equal for queries whose
// documents differ at most in whitespace, commas and comments, and whose operations,
// declared variables and schemas are the same, so that their answers can only differ if
// the entities do. It is not ok if the variables are not JSON.
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
		d.bytes(text)
	}
	return cache.Key(sum.Sum(nil)), true
}

// versionOf returns a digest of a schema.
func versionOf(schema *ast.Schema) cache.Key {
	sum := sha256.New()
	formatter.NewFormatter(sum).FormatSchema(schema)
	return cache.Key(sum.Sum(nil))
}

// traits are properties of a document for the response cache, computed once.
type traits struct {
	reading sync.Once
	says    cache.Key
	hinting sync.Once
	hints   map[*ast.OperationDefinition]hint
}

// says returns a digest of the document's tokens.
func (d *document) says() cache.Key {
	d.traits.reading.Do(func() {
		sum := sha256.New()
		digest{sum}.tokens(d.text)
		d.traits.says = cache.Key(sum.Sum(nil))
	})
	return d.traits.says
}

// hint returns the cache policy of an operation of the document.
func (d *document) hint(schema *ast.Schema, op *ast.OperationDefinition) hint {
	d.traits.hinting.Do(func() {
		d.traits.hints = make(map[*ast.OperationDefinition]hint, len(d.Operations))
		for _, op := range d.Operations {
			d.traits.hints[op] = hintOf(schema, op)
		}
	})
	return d.traits.hints[op]
}

// digest hashes texts so that different sequences have different digests.
type digest struct{ io.Writer }

func (d digest) text(s string) { d.bytes([]byte(s)) }

func (d digest) bytes(b []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(b)))
	_, _ = d.Write(length[:]) // a hash takes anything
	_, _ = d.Write(b)
}

// tokens adds the tokens of a valid document.
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
