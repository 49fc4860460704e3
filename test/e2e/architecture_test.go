package e2e_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module returns the path of the module.
func module(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "module ")
}

// layers are the folders of the house and what of the project may be imported
// in each. Tests, and packages for tests, are held to it too, but may take their
// helpers from internal.
// Imports go one way:
//
//	main → resolvers → graph → services → gateway/*
var layers = map[string]struct {
	imports []string
	why     string
}{
	"gateway": {[]string{"gateway"},
		"the runtime knows no user, order or product; let the caller hand in what is special about one"},
	"services": {[]string{"services", "gateway"},
		"a service knows nothing of the graph that it is part of; joins belong in resolvers"},
	"graph": {[]string{"graph", "services", "gateway/scalar", "gateway/execute"},
		"the contract is made of the services' types and of scalars, and of nothing that runs but the execution itself"},
	"cmd": {[]string{"cmd", "gateway"},
		"the tool for developers works on any project"},
	"resolvers": {[]string{"resolvers", "graph", "services", "gateway"},
		"the joins know the graph, the services and the runtime, and only main knows the joins"},
}

// objection says why a package of the project may not import another, or
// nothing where it may. Both are import paths without the module: "" is main.
func objection(from, to string) string {
	top, _, _ := strings.Cut(from, "/")
	l, known := layers[top]
	if !known {
		return "" // main and tools, which stand outside the house and may use all of it
	}
	if !slices.ContainsFunc(l.imports, func(dir string) bool { return within(to, dir) }) {
		return fmt.Sprintf("%s imports %s, but what is in %s may import only %s: %s",
			from, to, top, strings.Join(l.imports, ", "), l.why)
	}
	if a, b := serviceOf(from), serviceOf(to); a != "" && b != "" && a != b && b != "restservice" {
		return fmt.Sprintf("%s imports %s, but services never import one another: "+
			"let a resolver join them, and put what both servers need in services/restservice", from, to)
	}
	return ""
}

// within reports whether a package is dir or below it.
func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// serviceOf returns a in services/a/…, and nothing for the list in services itself.
func serviceOf(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "services/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// The files are parsed, and not listed by the go command: go test replays a
// cached answer as long as the files it saw the test open are the same, and
// it sees these.
func TestArchitecture_Imports(t *testing.T) {
	packages, prefix := map[string]bool{}, module(t)+"/"
	for file, imports := range importsOf(t, ".") {
		pkg := strings.TrimPrefix(path.Dir(file), ".")
		packages[pkg] = true
		for _, imp := range imports {
			to, ours := strings.CutPrefix(imp, prefix)
			helper := (strings.HasSuffix(file, "_test.go") || strings.HasSuffix(pkg, "test")) && mayHelp(to, pkg)
			if ours && !helper {
				if c := objection(pkg, to); c != "" {
					t.Errorf("%s: %s", file, c)
				}
			}
		}
	}
	for _, pkg := range []string{"gateway/batch", "gateway/entitycache", "services"} {
		if !packages[pkg] {
			t.Errorf("saw no file of %s: does this test still look at the right place?", pkg)
		}
	}
}

// mayHelp reports whether a package for tests may be imported by the tests of another one: those
// of the library may not import the shop.
func mayHelp(helper, pkg string) bool {
	ofTheShop := within(helper, "internal/testkit/graphtest") || within(helper, "internal/testkit/upstreamtest") || within(helper, "internal/testkit/watched")
	return within(helper, "internal") && (!within(pkg, "gateway") || !ofTheShop)
}

func TestArchitecture_RulesCatch(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     string // a part of the message; empty if the import is allowed
	}{
		{"", "resolvers", ""},
		{"", "gateway/entitycache", ""},
		{"resolvers", "graph", ""},
		{"resolvers", "services/users", ""},
		{"resolvers", "gateway/lookahead", ""},
		{"graph", "services/users", ""},
		{"graph", "gateway/scalar", ""},
		{"services", "services/users", ""},
		{"services", "gateway/batch", ""},
		{"services/users", "gateway/upstream", ""},
		{"services/users/server", "services/users", ""},
		{"services/users/server", "services/restservice", ""},
		{"services/restservice", "gateway/httpserver", ""},
		{"gateway/engine", "gateway/batch", ""},

		{"gateway/entitycache", "services/users", "the runtime knows no user"},
		{"gateway/engine", "resolvers", "the runtime knows no user"},
		{"gateway/engine", "graph", "the runtime knows no user"},
		{"gateway/entitycache", "compose", "the runtime knows no user"},
		{"services/users", "services/orders", "services never import one another"},
		{"services/users/server", "services/orders/server", "services never import one another"},
		{"services/restservice", "services/users", "services never import one another"},
		{"services/users", "graph", "joins belong in resolvers"},
		{"services", "resolvers", "joins belong in resolvers"},
		{"graph", "gateway/entitycache", "nothing that runs"},
		{"graph", "gateway/scalars", "nothing that runs"},
		{"graph", "resolvers", "nothing that runs"},
		{"resolvers", "bench", "only main knows the joins"},
		{"cmd/trib", "gateway/batch", ""},
		{"cmd/trib", "graph", "works on any project"},
	} {
		got := objection(c.from, c.to)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: complaint %q, want %q in it", c.from, c.to, got, c.want)
		}
	}
}

// importsOf returns what each Go file below dir imports, tests included.
func importsOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(file) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		imports := []string{}
		for _, spec := range parsed.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imp)
		}
		files[filepath.ToSlash(file)] = imports
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
