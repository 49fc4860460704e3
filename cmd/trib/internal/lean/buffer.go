package lean

import "go/ast"

// buffer makes the code write a response to a buffer that keeps to the limits of the
// operation:
//
//	buf := execute.Written(ctx, data)
//
// instead of
//
//	var buf bytes.Buffer
//	data.MarshalGQL(&buf)
func (l *rewriter) buffer(n ast.Node) {
	b, ok := n.(*ast.BlockStmt)
	if !ok {
		return
	}
	for i := range len(b.List) - 1 {
		name, data := bufferOf(b.List[i]), writtenTo(b.List[i+1])
		if name != "" && data != nil {
			l.edits = append(l.edits, edit{l.at(b.List[i].Pos()), l.at(b.List[i+1].End()), name +
				" := execute.Written(ctx, " + l.source(data) + ")"})
		}
	}
}

// bufferOf returns buf of var buf bytes.Buffer.
func bufferOf(s ast.Stmt) string {
	d, ok := s.(*ast.DeclStmt)
	if !ok {
		return ""
	}
	specs := d.Decl.(*ast.GenDecl).Specs
	v, ok := specs[0].(*ast.ValueSpec)
	if !ok || len(specs) != 1 || len(v.Names) != 1 {
		return ""
	}
	if kind, ok := v.Type.(*ast.SelectorExpr); !ok || kind.Sel.Name != "Buffer" {
		return ""
	}
	return v.Names[0].Name
}

// writtenTo returns data of data.MarshalGQL(&buf).
func writtenTo(s ast.Stmt) ast.Expr {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return nil
	}
	c, ok := e.X.(*ast.CallExpr)
	if !ok {
		return nil
	}
	if m, ok := c.Fun.(*ast.SelectorExpr); ok && m.Sel.Name == "MarshalGQL" {
		return m.X
	}
	return nil
}
