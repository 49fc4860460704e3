package schema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
)

// A Kind is how a value is decoded and written.
type Kind int

// The kinds of values.
const (
	String Kind = iota
	ID
	IntegerID
	Int
	Int64
	Float
	Boolean
	Decimal
	DateTime
	EnumKind
	ObjectKind
	UnionKind
	InputKind
	Name // of something else, a string or an integer
)

// A Type is the type of a field, an argument or a loaded value.
type Type struct {
	Kind    Kind
	NonNull bool
	Elem    *Type // of a list
	Enum    *Enum
	Object  *Object
	Union   *Union
	Input   *Input
}

// Leaf returns the type without its lists.
func (t *Type) Leaf() *Type {
	for t.Elem != nil {
		t = t.Elem
	}
	return t
}

var scalars = map[string]Kind{
	"String": String, "ID": ID, "Int": Int, "Int64": Int64, "Float": Float,
	"Boolean": Boolean, "Decimal": Decimal, "DateTime": DateTime,
}

// typeOf returns the type of a field or an argument of a service.
func (r *reader) typeOf(t *ast.Type, s *Service, wire *ast.Directive, at *ast.Position) *Type {
	if t.Elem != nil {
		return &Type{NonNull: t.NonNull, Elem: r.typeOf(t.Elem, s, wire, at)}
	}
	if kind, ok := scalars[t.NamedType]; ok {
		if kind == ID && wire != nil && directive.String(wire, "type") == "INTEGER" {
			kind = IntegerID
		}
		return &Type{Kind: kind, NonNull: t.NonNull}
	}
	def := r.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return &Type{Kind: EnumKind, NonNull: t.NonNull, Enum: r.enum(def, s)}
	case ast.Object:
		return &Type{Kind: ObjectKind, NonNull: t.NonNull, Object: r.object(def, s)}
	case ast.Union:
		return &Type{Kind: UnionKind, NonNull: t.NonNull, Union: r.union(def, s, at)}
	case ast.InputObject:
		return &Type{Kind: InputKind, NonNull: t.NonNull, Input: r.input(def, s)}
	}
	errorf(at, "%s is a %s, which cannot be decoded: write the field in Go, with @goField(forceResolver: true)", def.Name, kindName(def))
	return nil
}

func kindName(def *ast.Definition) string {
	switch def.Kind {
	case ast.Scalar:
		return "custom scalar"
	case ast.Interface:
		return "interface"
	}
	return string(def.Kind)
}

// String returns the name of a kind of scalar.
func (k Kind) String() string {
	for name, kind := range scalars {
		if kind == k {
			return name
		}
	}
	return "ID"
}
