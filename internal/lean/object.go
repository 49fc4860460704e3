package main

import (
	"fmt"
	"go/ast"
	"strconv"
	"strings"
)

// plain is a field that is a plain value of its object: what it is, and the
// method that makes it an answer.
type plain struct{ value, marshal string }

// writers are how values of Go's own types are written without a step in
// between, by what the name of the method says they are.
var writers = map[string]string{
	"String2string": "execute.String",
	"ID2string":     "execute.String",
	"Int2int":       "execute.Int",
	"Int2int32":     "execute.Int",
	"Int2int64":     "execute.Int",
	"Boolean2bool":  "execute.Bool",
}

// object has the function of an object, _T, give a [execute.Object] where all
// that is selected of it are plain values: no places for values are made then,
// and no value is put into an interface.
func (l *leaning) object(f *ast.FuncDecl) {
	sel, of := objectOf(f)
	if sel == nil {
		return
	}
	var names, cases []string
	for _, c := range sel.Body.List {
		name, write := l.writes(c)
		if write == "" {
			continue
		}
		names = append(names, strconv.Quote(name))
		cases = append(cases, fmt.Sprintf("\tcase %q:\n\t\t%s.MarshalGQL(w)\n", name, write))
	}
	if len(names) < 2 { // but for the name of the type
		return
	}
	writer, kind := "write"+f.Name.Name, l.source(of)
	after := l.at(f.Body.List[0].End())
	l.edits = append(l.edits, edit{after, after, fmt.Sprintf(
		"\n\tif execute.Plain(fields, %s) {\n\t\treturn execute.Object[%s]{Fields: fields, Of: obj, Write: %s}\n\t}", strings.Join(names, ", "), kind, writer)})
	l.more = append(l.more, fmt.Sprintf("\n// %s writes a field that is a plain value.\nfunc %s(w io.Writer, name string, obj *%s) {\n\tswitch name {\n%s\t}\n}\n",
		writer, writer, kind, strings.Join(cases, "")))
}

// objectOf gives the switch over the fields of an object and its type in Go, if
// f is
//
//	func (ec …) _T(ctx …, sel …, obj *Type) … {
//		fields := graphql.CollectFields(…)
//		…
//		for i, field := range fields { switch field.Name {…} }
func objectOf(f *ast.FuncDecl) (*ast.SwitchStmt, ast.Expr) {
	params := f.Type.Params.List
	if len(params) != 3 || len(params[2].Names) != 1 || params[2].Names[0].Name != "obj" || len(f.Body.List) == 0 {
		return nil, nil
	}
	of, ok := params[2].Type.(*ast.StarExpr)
	if !ok {
		return nil, nil
	}
	if first, ok := f.Body.List[0].(*ast.AssignStmt); !ok || !calls(first, "CollectFields") {
		return nil, nil
	}
	for _, s := range f.Body.List {
		if loop, ok := s.(*ast.RangeStmt); ok && len(loop.Body.List) == 1 {
			if sel, ok := loop.Body.List[0].(*ast.SwitchStmt); ok {
				return sel, of.X
			}
		}
	}
	return nil, nil
}

func calls(s *ast.AssignStmt, name string) bool {
	c, ok := s.Rhs[0].(*ast.CallExpr)
	return ok && selected(c.Fun) == name
}

// writes gives the name of the field that a case is for and the value to write,
// if it is a plain one.
func (l *leaning) writes(s ast.Stmt) (name, value string) {
	c, ok := s.(*ast.CaseClause)
	if !ok || len(c.List) != 1 || len(c.Body) == 0 {
		return "", ""
	}
	first, ok := c.Body[0].(*ast.AssignStmt)
	if !ok {
		return "", ""
	}
	call, ok := first.Rhs[0].(*ast.CallExpr)
	if !ok {
		return "", ""
	}
	name, _ = strconv.Unquote(l.source(c.List[0]))
	if name == "__typename" {
		return name, "execute.String(" + l.source(call.Args[0]) + ")"
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	field, known := l.plain[method.Sel.Name]
	switch kind := strings.TrimPrefix(strings.TrimPrefix(field.marshal, "marshalN"), "marshalO"); {
	case !known:
		return "", ""
	case writers[kind] != "":
		return name, writers[kind] + "(" + field.value + ")"
	case l.asItIs[field.marshal]:
		return name, field.value
	}
	return "", ""
}

// asItIs are the methods that give what they are given: the value writes itself.
func asItIs(file *ast.File, found map[string]bool) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "marshal") {
			continue
		}
		if result := returned(f.Body); len(result) == 1 {
			if v, ok := result[0].(*ast.Ident); ok && v.Name == "v" {
				found[f.Name.Name] = true
			}
		}
	}
}
