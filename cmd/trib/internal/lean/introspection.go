package lean

import (
	"go/ast"
	"strconv"
	"strings"
)

// typeMember makes the function that resolves a member of __Type by a method return null
// where the specification requires it:
//
//	return execute.TypeMember(obj, "fields", obj.Fields(...)), nil
func (l *rewriter) typeMember(f *ast.FuncDecl) {
	member, ok := strings.CutPrefix(f.Name.Name, "___Type_")
	if !ok {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		r, ok := n.(*ast.ReturnStmt)
		if !ok || len(r.Results) != 2 {
			return true
		}
		c, ok := r.Results[0].(*ast.CallExpr)
		if !ok {
			return true
		}
		if s, ok := c.Fun.(*ast.SelectorExpr); ok {
			if obj, ok := s.X.(*ast.Ident); ok && obj.Name == "obj" {
				l.edits = append(l.edits, edit{l.at(c.Pos()), l.at(c.End()), "execute.TypeMember(obj, " +
					strconv.Quote(member) + ", " + l.source(c) + ")"})
			}
		}
		return true
	})
}

// schema makes the schema that is parsed at the start one without unused built-in scalars:
//
//	var parsedSchema = execute.Schema(gqlparser.MustLoadSchema(...))
func (l *rewriter) schema(n ast.Node) {
	v, ok := n.(*ast.ValueSpec)
	if !ok || len(v.Values) != 1 {
		return
	}
	if c, ok := v.Values[0].(*ast.CallExpr); ok {
		if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "MustLoadSchema" {
			l.edits = append(l.edits, edit{l.at(c.Pos()), l.at(c.End()), "execute.Schema(" + l.source(c) + ")"})
		}
	}
}
