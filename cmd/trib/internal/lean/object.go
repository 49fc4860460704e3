package lean

import (
	"fmt"
	"go/ast"
	"strconv"
	"strings"
)

// object makes the function of an object, _T, return an [execute.Object] if all selected
// fields can be written directly, which avoids the field set and the conversion of each
// value to an interface.
func (l *rewriter) object(f *ast.FuncDecl) {
	of, known := l.all.objects[f.Name.Name]
	if !known {
		return
	}
	sel, _ := objectOf(f)
	members := l.members(sel)
	after := l.at(f.Body.List[0].End())
	l.edits = append(l.edits, edit{after, after, fmt.Sprintf(
		"\n\tif shape, ok := ec.shape%s(fields); ok%s {\n\t\treturn execute.Object[*executionContext, %s]{Shape: shape, Of: obj}\n\t}",
		f.Name.Name, ifElseEmpty(holdsLists(members), " && whole"+f.Name.Name+"(obj)"), of.kind)})
	l.more = append(l.more, shapeFunc(f.Name.Name, of, members), writeFunc(f.Name.Name, of, members),
		nilCheckFunc(f.Name.Name, of, members))
}

// list makes the method that marshals a list return [execute.Objects] if all selected
// fields of its elements can be written directly.
func (l *rewriter) list(f *ast.FuncDecl) {
	of, function, nonNull := l.all.element(f.Name.Name)
	before, _ := sliceOf(f)
	if of.kind == "" || before == nil {
		return
	}
	at := l.at(before.Pos())
	l.edits = append(l.edits, edit{at, at, fmt.Sprintf(
		"if shape, ok := ec.shape%s(graphql.CollectFields(ec.OperationContext, sel, %s)); ok && execute.All(v, %t, whole%s) {\n"+
			"\t\treturn execute.Objects[*executionContext, %s]{Shape: shape, Of: v}\n\t}\n\t",
		function, of.implementor, nonNull, function, of.kind)})
}

// shapeFunc returns the source of a method that reports whether all selected fields of an
// object can be written directly.
func shapeFunc(function string, of object, members []member) string {
	var values, lists []string
	for _, m := range members {
		if m.list == "" {
			values = append(values, strconv.Quote(m.name))
			continue
		}
		lists = append(lists, fmt.Sprintf("\t\tcase %q:\n\t\t\tif _, ok := ec.shape%s(graphql.CollectFields(ec.OperationContext, fields[i].Selections, %s)); !ok {\n\t\t\t\treturn s, false\n\t\t\t}\n",
			m.name, m.list, m.of.implementor))
	}
	return fmt.Sprintf(`
// shape%[1]s is how an object is written of which all that was selected is at hand.
func (ec *executionContext) shape%[1]s(fields []graphql.CollectedField) (s execute.Shape[*executionContext, %[2]s], ok bool) {
	for i := range fields {
		switch fields[i].Name {
		case %[3]s:
%[4]s		default:
			return s, false
		}
	}
	return execute.Shape[*executionContext, %[2]s]{In: ec, Fields: fields, Write: write%[1]s}, execute.OneType(fields)
}
`, function, of.kind, strings.Join(values, ", "), strings.Join(lists, ""))
}

// writeFunc returns the source of a function that writes such fields of an object.
func writeFunc(function string, of object, members []member) string {
	var cases strings.Builder
	for _, m := range members {
		fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s\n", m.name, m.write)
	}
	return fmt.Sprintf("\n// write%[1]s writes a field that is at hand.\nfunc write%[1]s(ec *executionContext, w io.Writer, field *graphql.CollectedField, obj *%[2]s) {\n\tswitch field.Name {\n%[3]s\t}\n}\n",
		function, of.kind, cases.String())
}

// nilCheckFunc returns the source of a function that reports whether neither an object nor an
// element of its lists is nil.
func nilCheckFunc(function string, of object, members []member) string {
	lists := ""
	for _, m := range members {
		if m.list != "" {
			lists += fmt.Sprintf(" && execute.All(%s, true, whole%s)", m.value, m.list)
		}
	}
	return fmt.Sprintf("\n// whole%[1]s tells whether nothing is missing in an object.\nfunc whole%[1]s(obj *%[2]s) bool { return obj != nil%[3]s }\n", function, of.kind, lists)
}

// objectOf returns the switch over the fields of an object, and its Go type, if f has the
// form
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
