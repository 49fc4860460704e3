package generate

import (
	"bytes"
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"golang.org/x/tools/imports"
)

// servedSchema is the file with the schema that clients see, beside the generated code.
const servedSchema = "schema.graphql"

// servePlain writes the schema that clients see beside the generated code, and makes that
// code serve it.
func servePlain(cfg *config.Config) error {
	dir := cfg.Exec.DirName
	if err := os.WriteFile(filepath.Join(dir, servedSchema), []byte(sdl(cfg.Schema)), 0o644); err != nil { //nolint:gosec // G306: source code
		return err
	}
	file := filepath.Join(dir, "root_.generated.go")
	code, err := os.ReadFile(file) //nolint:gosec // G304: a file of the project
	if err != nil {
		return err
	}
	if code, err = embedSchema(file, code); err != nil {
		return err
	}
	return os.WriteFile(file, code, 0o644) //nolint:gosec // G306: source code
}

// embeddedSchema is what takes the place of the schema's files in the generated code.
const embeddedSchema = "//go:embed " + servedSchema + "\nvar served string\n\n" +
	"var sources = []*ast.Source{{Name: \"" + servedSchema + "\", Input: served}}"

// embedSchema makes generated code parse the schema that is served, instead of its files.
func embedSchema(file string, code []byte) ([]byte, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, code, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	end, replaced := 0, false
	for _, decl := range parsed.Decls {
		name, doc := declared(decl)
		if name != "sources" && name != "sourcesFS" && name != "sourceData" {
			continue
		}
		from := decl.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		out.Write(code[end:fset.Position(from).Offset])
		if name == "sources" {
			out.WriteString(embeddedSchema)
			replaced = true
		}
		end = fset.Position(decl.End()).Offset
	}
	if !replaced {
		return nil, fmt.Errorf("%s: gqlgen has generated code of an unknown form: it has no variable sources", file)
	}
	out.Write(code[end:])
	text := bytes.Replace(out.Bytes(), []byte("\t\"embed\"\n"), nil, 1)
	text = bytes.Replace(text, []byte("import (\n"), []byte("import (\n\t_ \"embed\"\n"), 1)
	return imports.Process(file, text, nil)
}

// declared returns the name and the comment of a declaration of one thing.
func declared(decl goast.Decl) (name string, doc *goast.CommentGroup) {
	switch d := decl.(type) {
	case *goast.FuncDecl:
		return d.Name.Name, d.Doc
	case *goast.GenDecl:
		if v, ok := d.Specs[0].(*goast.ValueSpec); ok && len(d.Specs) == 1 {
			return v.Names[0].Name, d.Doc
		}
	}
	return "", nil
}

// sdl returns the schema as one document.
func sdl(schema *ast.Schema) string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(schema)
	return b.String()
}
