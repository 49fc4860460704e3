package lean

import (
	"go/ast"
	"strings"
)

// typeIndex has what was found in all files.
type typeIndex struct {
	identityMarshalers map[string]bool   // methods that give what they are given: the value writes itself
	objects            map[string]object // of which values are plain, by their functions, _T
	one                map[string]string // the function, _T, of what a method makes an answer of
	lists              map[string]string // the method for an element, by that for the list
}

// object is one of which values are plain.
type object struct {
	kind        string // in Go
	implementor string // the name of the list of the types that it is in GraphQL
}

func newTypeIndex() *typeIndex {
	return &typeIndex{map[string]bool{}, map[string]object{}, map[string]string{}, map[string]string{}}
}

// addObjects records the objects of a file that have plain values besides __typename.
// All methods must have been recorded before.
func (o *typeIndex) addObjects(l *rewriter, functions []*ast.FuncDecl) {
	for _, f := range functions {
		sel, of := objectOf(f)
		if sel == nil || len(l.values(sel)) < 2 {
			continue
		}
		collect, _ := f.Body.List[0].(*ast.AssignStmt).Rhs[0].(*ast.CallExpr)
		o.objects[f.Name.Name] = object{l.source(of), l.source(collect.Args[len(collect.Args)-1])}
	}
}

// addMethod records what f marshals, if it is a marshal method.
func (o *typeIndex) addMethod(f *ast.FuncDecl) {
	name := f.Name.Name
	if !strings.HasPrefix(name, "marshal") {
		return
	}
	if last, ok := f.Body.List[len(f.Body.List)-1].(*ast.ReturnStmt); ok {
		if v, ok := last.Results[0].(*ast.Ident); ok && v.Name == "v" && len(f.Body.List) == 1 {
			o.identityMarshalers[name] = true
		}
		o.one[name] = methodOf(last)
	}
	if _, each := sliceOf(f); each != nil {
		o.lists[name] = methodOf(each)
	}
}

// element returns the object whose lists a method marshals, its function, _T, and whether
// the elements are non-null.
func (o *typeIndex) element(list string) (of object, function string, nonNull bool) {
	method := o.lists[list]
	function = o.one[method]
	return o.objects[function], function, strings.HasPrefix(method, "marshalN")
}

// methodOf returns the name of the method in return ec.method(…).
func methodOf(s *ast.ReturnStmt) string {
	c, ok := s.Results[0].(*ast.CallExpr)
	if !ok {
		return ""
	}
	if m, ok := c.Fun.(*ast.SelectorExpr); ok {
		return m.Sel.Name
	}
	return ""
}

// sliceOf returns the statement by which f marshals a list of pointers, and the return
// statement for each element, if f has the form
//
//	func (ec …) marshalT(ctx …, sel …, v []*Type) … {
//		ret := graphql.MarshalSliceConcurrently(…, func(…) … {…; return ec.marshalElement(…) })
func sliceOf(f *ast.FuncDecl) (ast.Stmt, *ast.ReturnStmt) {
	params := f.Type.Params.List
	if len(params) == 0 || elementOf(params[len(params)-1].Type) == nil {
		return nil, nil
	}
	for _, s := range f.Body.List {
		set, ok := s.(*ast.AssignStmt)
		if !ok || !calls(set, "MarshalSliceConcurrently") {
			continue
		}
		args := set.Rhs[0].(*ast.CallExpr).Args
		if each, ok := args[len(args)-1].(*ast.FuncLit); ok {
			last, _ := each.Body.List[len(each.Body.List)-1].(*ast.ReturnStmt)
			return s, last
		}
	}
	return nil, nil
}

// elementOf returns T of []*T.
func elementOf(e ast.Expr) ast.Expr {
	list, ok := e.(*ast.ArrayType)
	if !ok {
		return nil
	}
	if p, ok := list.Elt.(*ast.StarExpr); ok {
		return p.X
	}
	return nil
}
