// Package schema reads what the directives of a GraphQL schema say: the services, the
// types that are decoded, the loaders, and the fields that load.
package schema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/access"
	"tributary/gateway/rest"
)

// A Graph is a schema whose directives have been read and found valid.
type Graph struct {
	Schema   *ast.Schema
	Services []*Service
	Objects  []*Object // those that are decoded, in order of name
	Enums    []*Enum
	Unions   []*Union
	Inputs   []*Input
	Loaders  []*Loader
	Fields   []*Field // those that load, in order of name
	Writes   []*Field // those that write
	ByHand   []*Field // those of queries whose resolvers are written by hand
	Rules    access.Rules
	Warnings []*Error // what is probably a mistake
}

// A Service is declared by @service.
type Service struct {
	Name, URL, Health, OpenAPI string
	Camel                      bool // names on the wire are in camel case
	At                         *ast.Position
}

// An Object is a type whose values are decoded from JSON.
type Object struct {
	Def     *ast.Definition
	Go      string // the name of its type in Go
	Service *Service
	Members []*Member
	Entity  *Loader // what loads it by its key, if it is an entity
	ByHand  bool    // its type in Go is
	Decoded bool    // by a function that is written by hand

	names namer
}

// A Member is a member of an object in JSON.
type Member struct {
	Field *ast.FieldDefinition // nil if it is only a key
	JSON  string
	Go    string
	Type  *Type
	used  bool // as a key
}

// An Enum is an enum whose values are decoded or sent.
type Enum struct {
	Def     *ast.Definition
	Go      string
	Service *Service
	Values  []EnumValue
	ByHand  bool
}

// An EnumValue is one value of an enum.
type EnumValue struct{ GraphQL, JSON, Go string }

// A Union is a union that is decoded.
type Union struct {
	Def     *ast.Definition
	Go      string
	Service *Service
	Member  string // that names the type
	Types   []UnionType
	ByHand  bool
}

// A UnionType is one type of a union, with the value that names it in JSON.
type UnionType struct {
	Value  string
	Object *Object
}

// An Input is an input type that is sent to a service.
type Input struct {
	Def     *ast.Definition
	Go      string
	Service *Service
	Members []*Member
	ByHand  bool
}

// A Loader loads values by key with a call of a service.
type Loader struct {
	Name     string // in Go
	Kind     string // in the cache
	Service  *Service
	Value    *Type // what a key stands for
	Length   int   // of a list, as assumed in costs
	At       *ast.Position
	Entity   bool
	Key      []*Member // of an entity
	Params   []string  // the names of the values of a key, if Named
	Named    bool      // a key has values by name; otherwise it is an id
	IDs      []string  // the params that are ids
	One      *rest.Route
	OneCall  string
	OneAt    string
	Body     string // the param that is the body of the call
	Many     *rest.Route
	ManyCall string
	ManyAt   string
	Keys     string
	Integer  bool // keys are numbers in the body
	Max      int
	By       *Member // what an item of a list belongs to
	ByParam  string  // and the param that it must equal

	identity string
}

// List reports whether a key stands for a list.
func (l *Loader) List() bool { return l.Value.Elem != nil }

// A Field is a field of the schema that loads.
type Field struct {
	Parent *ast.Definition
	Object *Object // the parent, unless it is a root
	Def    *ast.FieldDefinition
	Go     string // the name of its functions, as in ReviewAuthor
	Loader *Loader
	Args   []*Arg // all arguments, in order
	Parts  []Part // of the key, in the order of the loader's params
	Each   bool   // the only part is a list of keys, and the field a list of values
	Write  *Write
}

// An Arg is an argument of a field.
type Arg struct {
	Def  *ast.ArgumentDefinition
	Go   string
	Type *Type
}

// A Part is a value of a field's key: an argument, a member of the parent, or a constant.
type Part struct {
	Param    string
	Arg      *Arg
	Member   *Member
	Constant string
}
