// Command lean leads the code that gqlgen has generated in a folder to
// gateway/execute:
//
//	lean graph
//
// In place of what gqlgen's own runtime does for each object and list it calls
// what that package has of the same name. A field that is a plain value of its
// object is written straight away: it cannot fail, so that it needs no place in
// the answer, no guard and no middleware. What is generated still works without
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
	for _, name := range files {
		if err := rewrite(name); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(name string) error {
	text, err := os.ReadFile(name) //nolint:gosec // G304: the files to rewrite are what it is told
	if err != nil {
		return err
	}
	out, err := lean(name, text)
	if err != nil {
		return err
	}
	return os.WriteFile(name, out, 0o644) //nolint:gosec // G306: source code
}

// lean gives the text of a generated file as it should be.
func lean(name string, text []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	l := &leaning{text: text, at: func(p token.Pos) int { return fset.Position(p).Offset }}
	scalars := scalarFields(file)
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && scalars[f.Name.Name] {
			l.plainField(f)
		}
	}
	ast.Inspect(file, l.call)
	if len(l.edits) == 0 {
		return text, nil
	}
	l.edits = append(l.edits, edit{l.at(file.Name.End()), l.at(file.Name.End()), "\n\nimport \"" + runtime + "\""})
	return imports.Process(name, l.apply(), nil) // drops what is not used any more
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

type leaning struct {
	text  []byte
	at    func(token.Pos) int
	edits []edit
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
	return out.Bytes()
}
