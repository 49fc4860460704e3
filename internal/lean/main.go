// Command lean leads the code that gqlgen has generated in a folder to
// gateway/execute:
//
//	lean graph
//
// In place of what gqlgen's own runtime does for each object and list it calls
// what that package has of the same name. A field that is a plain value of its
// object is written straight away: it cannot fail, so that it needs no place in
// the answer, no guard and no middleware; and an object of which nothing else
// was selected is written straight from what it is. What is generated still works without
// this step, only more slowly.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/imports"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lean:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("name the folder of the generated code")
	}
	files, err := filepath.Glob(filepath.Join(args[0], "*.generated.go"))
	if err != nil {
		return err
	}
	texts := make(map[string][]byte, len(files))
	for _, name := range files {
		if texts[name], err = os.ReadFile(name); err != nil { //nolint:gosec // G304: the files to rewrite are what it is told
			return err
		}
	}
	if err := lean(texts); err != nil {
		return err
	}
	for name, text := range texts {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // G306: source code
			return err
		}
	}
	return nil
}

// lean makes the texts of generated files, by name, what they should be.
func lean(texts map[string][]byte) error {
	fset, files, writesItself := token.NewFileSet(), map[string]*ast.File{}, map[string]bool{}
	for name, text := range texts {
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		files[name] = file
		asItIs(file, writesItself)
	}
	for name, file := range files {
		l := &leaning{
			text: texts[name], at: func(p token.Pos) int { return fset.Position(p).Offset },
			plain: map[string]plain{}, asItIs: writesItself,
		}
		var err error
		if texts[name], err = l.rewrite(name, file); err != nil {
			return err
		}
	}
	return nil
}

// leaning is the rewriting of one file.
type leaning struct {
	text   []byte
	at     func(token.Pos) int
	plain  map[string]plain // by the method that resolves the field
	asItIs map[string]bool
	edits  []edit
	more   []string // what is added at the end
}

func (l *leaning) rewrite(name string, file *ast.File) ([]byte, error) {
	scalars := scalarFields(file)
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && scalars[f.Name.Name] {
			l.plainField(f)
		}
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			l.object(f)
		}
	}
	ast.Inspect(file, l.call)
	if len(l.edits) == 0 {
		return l.text, nil
	}
	l.edits = append(l.edits, edit{l.at(file.Name.End()), l.at(file.Name.End()), "\n\nimport \"" + runtime + "\""})
	return imports.Process(name, l.apply(), nil) // drops what is not used any more, and adds io where it is
}

const runtime = "tributary/gateway/execute"

// standIns are the functions of gqlgen's runtime that have one in ours.
var standIns = map[string]string{
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

func (l *leaning) source(n ast.Node) string { return string(l.text[l.at(n.Pos()):l.at(n.End())]) }

// call puts the stand-in in the place of a function that is called.
func (l *leaning) call(n ast.Node) bool {
	c, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	if in := standIns[selected(c.Fun)]; in != "" {
		l.edits = append(l.edits, edit{l.at(c.Fun.Pos()), l.at(c.Fun.End()), "execute." + in})
	}
	return true
}

// selected is F of graphql.F.
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

func (l *leaning) apply() []byte {
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
