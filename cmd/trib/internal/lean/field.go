package lean

import (
	"go/ast"
	"strings"
)

// The indexes of the arguments of ResolveField by which a plain value is recognized.
const (
	argResolver   = 4
	argMiddleware = 5
	argMarshal    = 6
	argCount      = 9
)

// scalarFields returns the names of the functions that resolve fields without subfields,
// which is determined from their field contexts, fieldContext_T_f for _T_f.
func scalarFields(file *ast.File) map[string]bool {
	found := map[string]bool{}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name, isContext := strings.CutPrefix(f.Name.Name, "fieldContext")
		if result := returned(f.Body); isContext && len(result) == 1 {
			if c, ok := result[0].(*ast.CallExpr); ok && selected(c.Fun) == "NewScalarFieldContext" {
				found[name] = true
			}
		}
	}
	return found
}

// plainField records a field whose resolver only returns obj.F, and makes the function
// that resolves it marshal that directly. A scalar cannot be nil and needs nothing else:
//
//	return ec.marshalT(ctx, field.Selections, obj.F)
//
// The elements of a list may fail, so they need the field context for their path:
//
//	fc, _ := ec.fieldContext_T_f(ctx, field)
//	return ec.marshalT(graphql.WithFieldContext(ctx, fc), field.Selections, obj.F)
func (l *rewriter) plainField(f *ast.FuncDecl, isScalar bool) {
	result := returned(f.Body)
	if len(result) != 1 {
		return
	}
	c, ok := result[0].(*ast.CallExpr)
	if !ok || selected(c.Fun) != "ResolveField" || len(c.Args) != argCount {
		return
	}
	if m, ok := c.Args[argMiddleware].(*ast.Ident); !ok || m.Name != "nil" {
		return // a directive
	}
	value, marshal := fieldOf(c.Args[argResolver]), marshaler(c.Args[argMarshal], isScalar)
	if value == nil || marshal == nil {
		return
	}
	if method, ok := marshal.(*ast.SelectorExpr); ok {
		l.plain[f.Name.Name] = plainValue{l.source(value), method.Sel.Name}
	}
	place, in := "", "ctx"
	if !isScalar {
		place, in = "fc, _ := ec.fieldContext"+f.Name.Name+"(ctx, field)\n\t", "graphql.WithFieldContext(ctx, fc)"
	}
	l.edits = append(l.edits, edit{l.at(f.Body.Pos()), l.at(f.Body.End()),
		"{\n\t" + place + "return " + l.source(marshal) + "(" + in + ", field.Selections, " + l.source(value) + ")\n}"})
}

// returned returns the results of a body that consists of a return statement.
func returned(b *ast.BlockStmt) []ast.Expr {
	if b == nil || len(b.List) != 1 {
		return nil
	}
	r, ok := b.List[0].(*ast.ReturnStmt)
	if !ok {
		return nil
	}
	return r.Results
}

// fieldOf returns obj.F of func(…) { return obj.F, nil }.
func fieldOf(e ast.Expr) ast.Expr {
	f, ok := e.(*ast.FuncLit)
	if !ok {
		return nil
	}
	result := returned(f.Body)
	if len(result) != 2 {
		return nil
	}
	s, ok := result[0].(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if x, ok := s.X.(*ast.Ident); !ok || x.Name != "obj" {
		return nil
	}
	return s
}

// marshaler returns ec.marshalT of func(ctx, selections, v T) { return ec.marshalT(ctx,
// selections, v) }. For a scalar, T must be a named type, not a pointer or a list; for
// others, a list of pointers.
func marshaler(e ast.Expr, isScalar bool) ast.Expr {
	f, ok := e.(*ast.FuncLit)
	if !ok {
		return nil
	}
	params := f.Type.Params.List
	switch last := params[len(params)-1].Type; last.(type) {
	case *ast.Ident, *ast.SelectorExpr:
		if !isScalar {
			return nil
		}
	default:
		if isScalar || elementOf(last) == nil {
			return nil
		}
	}
	result := returned(f.Body)
	if len(result) != 1 {
		return nil
	}
	c, ok := result[0].(*ast.CallExpr)
	if !ok {
		return nil
	}
	return c.Fun
}
