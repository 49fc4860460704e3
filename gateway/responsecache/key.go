package responsecache

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"tributary/gateway/internal/digest"
)

// Key is a SHA-256 that identifies a response or a request.
type Key [sha256.Size]byte

// NewKey returns the key of a text. Texts of different formats have different keys.
func NewKey(format string, text []byte) Key {
	key := Key(sha256.Sum256(text))
	for i := range len(format) {
		key[i%len(key)] ^= format[i]
	}
	return key
}

// OperationKey returns the key of the response to an operation. It is equal for operations whose
// documents have the same tokens, and whose names, declared variables and versions are the same,
// so that their responses can only differ if the entities do. Version is the [SchemaKey], made
// specific to the settings. Variables are [DeclaredVariables].
func OperationKey(version Key, tokens digest.Sum, operation string, variables []byte) Key {
	d := digest.NewSequence()
	d.Bytes(version[:])
	d.Bytes(tokens[:])
	d.Text(operation)
	d.Bytes(variables)
	return Key(d.Sum())
}

// ForViewer returns the key of a response that is the viewer's own.
func (k Key) ForViewer(viewer string) Key { return NewKey("viewer", append(k[:], viewer...)) }

// DeclaredVariables returns those variables that an operation declares, in the order of their
// declarations, as a JSON object, or nil if there are none. It is not ok if they have no JSON.
func DeclaredVariables(op *ast.OperationDefinition, variables map[string]any) (object []byte, ok bool) {
	before := byte('{')
	for _, v := range op.VariableDefinitions {
		value, given := variables[v.Variable]
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

// SchemaKey returns a digest of a schema.
func SchemaKey(schema *ast.Schema) Key {
	d := digest.NewSequence()
	formatter.NewFormatter(d).FormatSchema(schema)
	return Key(d.Sum())
}
