// Package lean rewrites the code that gqlgen has generated to use gateway/execute.
//
// It replaces the functions of gqlgen's runtime that are called for each object and list
// by those of the same name in that package. A field that is a plain value of its object
// is marshaled directly: it cannot fail, so it needs no field context, no recover and no
// middleware. An object of which only such fields were selected is written directly from
// the Go value, and so are lists of such objects. The generated code works without this
// step as well, but is slower.
package lean

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/imports"

	"tributary/cmd/trib/internal/library"
)

// Rewrite rewrites the generated files of a folder. Code of an unknown form is an error:
// otherwise code of another version of gqlgen would be slower without notice.
func Rewrite(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.generated.go"))
	if err != nil {
		return err
	}
	texts := make(map[string][]byte, len(files))
	for _, name := range files {
		if texts[name], err = os.ReadFile(name); err != nil { //nolint:gosec // G304: the caller names the files to rewrite
			return err
		}
	}
	if err := rewriteFile(texts); err != nil {
		return err
	}
	if err := check(dir, texts); err != nil {
		return err
	}
	for name, text := range texts {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // G306: source code
			return err
		}
	}
	return nil
}

// check returns an error unless the rewritten code has each of the calls that every schema
// leads to.
func check(dir string, texts map[string][]byte) error {
	for _, call := range []string{"execute.NewFieldSet(", "execute.Written(", "execute.MarshalString(",
		"execute.ArgumentMap(", "execute.TypeMember(", "execute.Schema("} {
		found := false
		for _, text := range texts {
			found = found || bytes.Contains(text, []byte(call))
		}
		if !found {
			return fmt.Errorf("%s: gqlgen has generated code of an unknown form: there is nothing that %s) replaces", dir, call)
		}
	}
	return nil
}

// rewriteFile rewrites the texts of generated files, by file name, in place.
func rewriteFile(texts map[string][]byte) error {
	fset, all, files := token.NewFileSet(), newTypeIndex(), map[*rewriter]*ast.File{}
	for name, text := range texts {
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		l := &rewriter{name: name, text: text, at: func(p token.Pos) int { return fset.Position(p).Offset },
			plain: map[string]plainValue{}, all: all}
		files[l] = file
		l.collect(file)
	}
	for l, file := range files {
		all.addObjects(l, functionsOf(file))
	}
	for l, file := range files {
		var err error
		if texts[l.name], err = l.rewrite(file); err != nil {
			return err
		}
	}
	return nil
}

// rewriter is the rewriting of one file.
type rewriter struct {
	name  string
	text  []byte
	at    func(token.Pos) int
	plain map[string]plainValue // by the method that resolves the field
	all   *typeIndex
	edits []edit
	more  []string // declarations to append
}

// collect finds plain fields, and records which method marshals what.
func (l *rewriter) collect(file *ast.File) {
	scalars := scalarFields(file)
	for _, f := range functionsOf(file) {
		l.plainField(f, scalars[f.Name.Name])
		l.all.addMethod(f)
	}
}

func functionsOf(file *ast.File) (all []*ast.FuncDecl) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			all = append(all, f)
		}
	}
	return all
}

func (l *rewriter) rewrite(file *ast.File) ([]byte, error) {
	for _, f := range functionsOf(file) {
		l.object(f)
		l.list(f)
		l.typeMember(f)
	}
	ast.Inspect(file, func(n ast.Node) bool { l.call(n); l.buffer(n); l.schema(n); return true })
	if len(l.edits) == 0 {
		return l.text, nil
	}
	l.edits = append(l.edits, edit{l.at(file.Name.End()), l.at(file.Name.End()), "\n\nimport \"" + runtime + "\""})
	return imports.Process(l.name, l.apply(), nil) // removes unused imports, and adds io if needed
}

const runtime = library.Module + "/gateway/execute"

// replacements maps functions of gqlgen's runtime to their replacements.
var replacements = map[string]string{
	"MarshalSliceConcurrently": "MarshalSlice",
	"NewFieldSet":              "NewFieldSet",
	"NewDeferredGroup":         "NewDeferredGroup",
	"MarshalString":            "MarshalString",
	"MarshalID":                "MarshalString",
}

type edit struct {
	from, to int
	text     string
}

func (l *rewriter) source(n ast.Node) string { return string(l.text[l.at(n.Pos()):l.at(n.End())]) }

// call replaces the function of a call by that of replacements.
func (l *rewriter) call(n ast.Node) {
	c, ok := n.(*ast.CallExpr)
	if !ok {
		return
	}
	if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "ArgumentMap" && len(c.Args) == 1 {
		l.edits = append(l.edits, edit{l.at(c.Fun.Pos()), l.at(c.Args[0].Pos()), "execute.ArgumentMap(" + l.source(s.X) + ".Field, "})
	}
	in := replacements[selected(c.Fun)]
	if in == "" {
		return
	}
	l.edits = append(l.edits, edit{l.at(c.Fun.Pos()), l.at(c.Fun.End()), "execute." + in})
	if in == "NewFieldSet" { // it needs the operation, to count what is selected
		l.edits = append(l.edits, edit{l.at(c.Lparen) + 1, l.at(c.Lparen) + 1, "ctx, "})
	}
}

// selected returns F of graphql.F.
func selected(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); !ok || x.Name != "graphql" {
		return ""
	}
	return s.Sel.Name
}

func (l *rewriter) apply() []byte {
	slices.SortFunc(l.edits, func(a, b edit) int { return a.from - b.from })
	var out bytes.Buffer
	end := 0
	for _, e := range l.edits {
		out.Write(l.text[end:e.from])
		out.WriteString(e.text)
		end = e.to
	}
	out.Write(l.text[end:])
	for _, more := range l.more {
		out.WriteString(more)
	}
	return out.Bytes()
}
