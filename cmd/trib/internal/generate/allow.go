package generate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tributary/cmd/trib/internal/schema"
	"tributary/gateway/access"
)

// allowFunc is the name of the function for a rule of the project's own.
func allowFunc(rule string) string { return "Allow" + strings.ToUpper(rule[:1]) + rule[1:] }

// checkAllow returns an error for the first rule whose function the files in dir lack.
func checkAllow(rules access.Rules, dir string) error {
	if !slices.ContainsFunc(slices.Collect(maps.Values(rules)), func(r access.Rule) bool { return len(r.Allow) > 0 }) {
		return nil
	}
	have, err := functionsIn(dir)
	if err != nil {
		return err
	}
	for _, c := range slices.Sorted(maps.Keys(rules)) {
		for _, a := range rules[c].Allow {
			if name := allowFunc(a.Name); !have[name] {
				return &schema.Error{At: a.At, Message: fmt.Sprintf(
					"the rule %s needs a function in %s: func %s(ctx context.Context, f access.Field) bool", a.Name, dir, name)}
			}
		}
	}
	return nil
}

// functionsIn returns the names of the functions in the Go files of dir but tests.
func functionsIn(dir string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name) //nolint:gosec // G304: a file of the project
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				have[f.Name.Name] = true
			}
		}
	}
	return have, nil
}
