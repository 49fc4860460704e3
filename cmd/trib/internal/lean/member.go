package lean

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// plainValue is a field that is a plain value, or a list, in its object: the expression of
// the value, and the method that marshals it.
type plainValue struct{ value, marshal string }

// writers are the statements that write values of built-in types directly, by the type
// in the name of the marshal method.
var writers = map[string]string{
	"String2string": "execute.String",
	"ID2string":     "execute.String",
	"Int2int":       "execute.Int",
	"Int2int32":     "execute.Int",
	"Int2int64":     "execute.Int",
	"Boolean2bool":  "execute.Bool",
}

// member is a field that is written directly from its object.
type member struct {
	name  string
	write string // what writes it
	list  string // of a list: the function of its elements, _T
	of    object // and what these are
	value string // and what it is
}

// values returns the members of an object that are plain values, including __typename.
func (l *rewriter) values(sel *ast.SwitchStmt) []member {
	return slices.DeleteFunc(l.members(sel), func(m member) bool { return m.list != "" })
}

// members returns the fields of an object that are written directly from it.
func (l *rewriter) members(sel *ast.SwitchStmt) (all []member) {
	for _, c := range sel.Body.List {
		if m := l.directWriter(c); m.write != "" {
			all = append(all, m)
		}
	}
	return all
}

// resolved returns the plain field that a case of an object's switch resolves, and its
// name.
func (l *rewriter) resolved(s ast.Stmt) (field plainValue, name string, known bool) {
	c, ok := s.(*ast.CaseClause)
	if !ok || len(c.List) != 1 || len(c.Body) == 0 {
		return field, "", false
	}
	first, ok := c.Body[0].(*ast.AssignStmt)
	if !ok {
		return field, "", false
	}
	call, ok := first.Rhs[0].(*ast.CallExpr)
	if !ok {
		return field, "", false
	}
	name, _ = strconv.Unquote(l.source(c.List[0]))
	if name == "__typename" {
		return plainValue{value: l.source(call.Args[0])}, name, false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return field, "", false
	}
	field, known = l.plain[method.Sel.Name]
	return field, name, known
}

// directWriter returns the field that a case resolves, if it can be written directly.
func (l *rewriter) directWriter(s ast.Stmt) member {
	field, name, known := l.resolved(s)
	if name == "__typename" {
		return member{name: name, write: "execute.String(" + field.value + ").MarshalGQL(w)"}
	}
	kind := strings.TrimPrefix(strings.TrimPrefix(field.marshal, "marshalN"), "marshalO")
	of, function, nonNull := l.all.element(field.marshal)
	switch {
	case !known:
		return member{}
	case writers[kind] != "":
		return member{name: name, write: writers[kind] + "(" + field.value + ").MarshalGQL(w)"}
	case l.all.identityMarshalers[field.marshal]:
		return member{name: name, write: field.value + ".MarshalGQL(w)"}
	case of.kind != "" && nonNull && strings.HasPrefix(field.marshal, "marshalN"):
		return member{name: name, list: function, of: of, value: field.value, write: fmt.Sprintf(
			"shape, _ := ec.shape%s(graphql.CollectFields(ec.OperationContext, field.Selections, %s))\n\t\texecute.Objects[*executionContext, %s]{Shape: shape, Of: %s}.MarshalGQL(w)",
			function, of.implementor, of.kind, field.value)}
	}
	return member{}
}

func holdsLists(members []member) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.list != "" })
}

// ifElseEmpty returns text if it is needed, and "" otherwise.
func ifElseEmpty(needed bool, text string) string {
	if needed {
		return text
	}
	return ""
}
