package document

import (
	"reflect"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// weigh returns about how many bytes a parsed document takes, without its text. What it
// refers to in the schema is not part of it.
func weigh(doc *ast.QueryDocument) int {
	n := size[ast.QueryDocument]() + pointer*(cap(doc.Operations)+cap(doc.Fragments))
	for _, op := range doc.Operations {
		n += size[ast.OperationDefinition]() + position + ofComment(op.Comment) + len(op.Description) +
			weighVariables(op.VariableDefinitions) + weighDirectives(op.Directives) + weighSet(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		n += size[ast.FragmentDefinition]() + position + ofComment(f.Comment) + len(f.Description) +
			weighVariables(f.VariableDefinition) + weighDirectives(f.Directives) + weighSet(f.SelectionSet)
	}
	return n
}

func size[T any]() int { return int(reflect.TypeFor[T]().Size()) }

const pointer = 8

// position is what a node of the tree refers to for its position: the parser keeps the
// token.
var position = size[lexer.Token]()

func weighSet(set ast.SelectionSet) int {
	n := 2 * pointer * cap(set)
	for _, sel := range set {
		n += position
		switch sel := sel.(type) {
		case *ast.Field:
			n += size[ast.Field]() + ofComment(sel.Comment) +
				weighArguments(sel.Arguments) + weighDirectives(sel.Directives) + weighSet(sel.SelectionSet)
			if sel.Name == "__typename" { // validation makes a definition for each
				n += size[ast.FieldDefinition]() + size[ast.Type]()
			}
		case *ast.InlineFragment:
			n += size[ast.InlineFragment]() + ofComment(sel.Comment) +
				weighDirectives(sel.Directives) + weighSet(sel.SelectionSet)
		case *ast.FragmentSpread:
			n += size[ast.FragmentSpread]() + ofComment(sel.Comment) + weighDirectives(sel.Directives)
		}
	}
	return n
}

func weighVariables(list ast.VariableDefinitionList) int {
	n := pointer * cap(list)
	for _, v := range list {
		n += size[ast.VariableDefinition]() + position + ofComment(v.Comment) + len(v.Description) +
			depthOf(v.Type)*(size[ast.Type]()+position) + weighValue(v.DefaultValue) + weighDirectives(v.Directives)
	}
	return n
}

// depthOf is the number of types that a type is made of: itself, and those in its lists.
func depthOf(t *ast.Type) (n int) {
	for ; t != nil; t = t.Elem {
		n++
	}
	return n
}

func weighDirectives(list ast.DirectiveList) int {
	n := pointer * cap(list)
	for _, d := range list {
		n += size[ast.Directive]() + position + weighArguments(d.Arguments)
	}
	return n
}

func weighArguments(list ast.ArgumentList) int {
	n := pointer * cap(list)
	for _, a := range list {
		n += size[ast.Argument]() + position + ofComment(a.Comment) + weighValue(a.Value)
	}
	return n
}

func weighValue(v *ast.Value) int {
	if v == nil {
		return 0
	}
	n := size[ast.Value]() + position + ofComment(v.Comment) + pointer*cap(v.Children)
	if v.Kind == ast.StringValue || v.Kind == ast.BlockValue {
		n += len(v.Raw) // a copy, if it has escapes or is a block
	}
	for _, child := range v.Children {
		n += size[ast.ChildValue]() + position + ofComment(child.Comment) + weighValue(child.Value)
	}
	return n
}

func ofComment(group *ast.CommentGroup) int {
	if group == nil {
		return 0
	}
	return size[ast.CommentGroup]() + cap(group.List)*pointer + len(group.List)*(size[ast.Comment]()+position)
}
