package document

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// propertyBytes is about how many bytes the properties of an operation take.
const propertyBytes = 96

// Property is what the text of an operation alone determines, such as how long its response
// may be cached. It is computed when it is first wanted, and kept as long as the document is
// cached. It is safe for concurrent use.
type Property[T any] struct {
	compute func(*ast.OperationDefinition) T
}

// NewProperty returns a property that is computed by compute.
func NewProperty[T any](compute func(*ast.OperationDefinition) T) *Property[T] {
	return &Property[T]{compute}
}

// Of returns the property of an operation of d.
func (p *Property[T]) Of(d *Document, op *ast.OperationDefinition) T {
	key := propertyKey{p, op}
	d.properties.mu.Lock()
	defer d.properties.mu.Unlock()
	if found, ok := d.properties.known[key]; ok {
		value, _ := found.(T)
		return value
	}
	value := p.compute(op)
	if d.properties.known == nil {
		d.properties.known = map[propertyKey]any{}
	}
	d.properties.known[key] = value
	return value
}

// propertyKey identifies a property of an operation.
type propertyKey struct {
	property any
	op       *ast.OperationDefinition
}

// properties are those of the operations of a document that have been computed.
type properties struct {
	mu    sync.Mutex
	known map[propertyKey]any
}
