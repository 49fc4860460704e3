package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What trib says of wrong input, and of documents that change, needs no generated code.
func TestProject_WrongInput(t *testing.T) {
	p := newProject(t)
	before := tree(t, p.dir)
	must(t, p.dir, p.trib, "check")
	refusals(t, p.trib, p.dir, p.documents)
	drift(t, p.trib, p.dir, p.documents)
	unchanged(t, p.dir, before)
}

// refusals gives trib wrong input: it exits with code 2 and one line, and writes nothing.
func refusals(t *testing.T, trib, dir, documents string) {
	t.Helper()
	library := filepath.Join(documents, "library.json")
	if err := os.WriteFile(filepath.Join(documents, "page.html"), []byte("<!doctype html>\n<title>Sorry</title>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"add", "redis", "--openapi", library}, `"redis" cannot be the name of a service`},
		{[]string{"add", "Big", "--openapi", library}, `"Big" cannot be the name of a service`},
		{[]string{"add", "library", "--openapi", library}, "library.graphqls exists"},
		{[]string{"add", "more", "--openapi", "nowhere.yaml"}, "nowhere.yaml"},
		{[]string{"add", "more", "--openapi", filepath.Join(documents, "page.html")}, "page.html"},
		{[]string{"add", "more", "--openapi", library, "nothing"}, `there is no operation "nothing"`},
		{[]string{"add", "more"}, "openapi"},
		{[]string{"new", dir, "--module", "example.com/other"}, "is not empty"},
		{[]string{"new", filepath.Join(dir, "other"), "--module", "no module"}, "--module"},
		{[]string{"nothing"}, "nothing"},
	} {
		refused(t, trib, dir, tt.want, tt.args...)
	}
	file := filepath.Join(dir, "graph", "schema", "library.graphqls")
	for _, tt := range []struct{ old, with, want string }{
		{`author: Author @join(key: "{authorId}")`, `author: Author @join(key: "{nothing}")`, "nothing"},
		{`author: Author @join(key: "{authorId}")`, `author: [Author] @join(key: "{authorId}")`, "is a list, but its key is not"},
		{`author: Author @join(key: "{authorId}")`, `author: Author! @join(key: "{authorId}")`, "make the type Author"},
		{"  title: String!\n", "  title: Boolean!\n", "Book.title"},
		{"  title: String!\n", "  title: String! @authenticated\n", "must be nullable"},
		{"  title: String!\n", "  title: String! @allow(rule: \"reader\")\n", "must be nullable"},
		{"author: Author @join", "author: Author @allow(rule: \"nothing\") @join",
			"func AllowNothing(ctx context.Context, f access.Field) bool"},
		{"author: Author @join", "author: Author @allow(rule: \"no name\") @join", "cannot be the name of a rule"},
		{"author: Author @join", "author: Author @allow @join", "rule"},
		{"  title: String!\n", "  title: String!\n  title: String!\n", "title"},
		{`book(bookId: ID!): Book @join(key: "{bookId}")`, `book(bookId: ID!): Book @join(key: "{book}")`, `no argument "book"`},
		{`call: "POST /loans"`, `call: "POST /loan"`, "does not have POST /loan"},
		{`body: "{input}"`, `body: "{other}"`, `no argument "other"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book.nothing"]`, `"Book.nothing"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={input.nothing}"]`, "input.nothing"},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={result.nothing}"]`,
			"{result.nothing} in invalidates is no field of Loan"},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Books={input.bookId}"]`, `"Books"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={bookId}"]`, `no argument "bookId"`},
		{"createLoan(input: LoanCreateInput!): Loan", "createLoan(input: LoanCreateInput!, more: Int): Loan", `"more" is not used`},
		{`keys: "book_ids", max: 50`, `keys: "book_ids", max: 0`, "max must be 1 or more"},
		{"enum Genre {", "enum Genre", "library.graphqls"},
	} {
		edit(t, file, tt.old, tt.with)
		refused(t, trib, dir, tt.want, "generate")
		edit(t, file, tt.with, tt.old)
	}
}

// lateRefusals are found by generate when half of the code has been written.
func lateRefusals(t *testing.T, trib, dir string) {
	t.Helper()
	config := filepath.Join(dir, "gqlgen.yml")
	for _, tt := range []struct{ file, old, with, want string }{
		{config, "\nmodels:\n", "\nmodels:\n  LoanCreateInput:\n    model: example.com/shop/resolvers.Nothing\n",
			"write type Nothing = … there"},
		{config, "AnimalStatus:\n    model: example.com/shop/services.Standing",
			"AnimalStatus:\n    model: example.com/shop/services.Round", "needs func decodeRound(d *rest.Decoder, v *Round) bool"},
		{config, "services.Round", "services.Sphere", "names the type Sphere for it"},
		{filepath.Join(dir, "services", "byhand.go"), "\tSize scalar.Decimal\n", "\tOther *scalar.Decimal\n",
			"Circle.radius: the type in Go, example.com/shop/services.Round, has no field Size that fits"},
		{filepath.Join(dir, "services", "byhand.go"), "\tSize scalar.Decimal\n", "\tSize *scalar.Decimal\n",
			"services/vendor.generated.go:"},
	} {
		edit(t, tt.file, tt.old, tt.with)
		refused(t, trib, dir, tt.want, "generate")
		edit(t, tt.file, tt.with, tt.old)
	}
}

// refused runs trib in dir, which must say what is wrong in one line and write nothing.
func refused(t *testing.T, trib, dir, want string, args ...string) {
	t.Helper()
	before := tree(t, dir)
	out, code := run(t, dir, trib, args...)
	if code != 2 || strings.Count(out, "\n") != 1 || !strings.Contains(out, want) {
		t.Errorf("trib %s: exit code %d, want 2 and a line with %s in\n%s", strings.Join(args, " "), code, want, out)
	}
	if line := regexp.MustCompile(`\.graphqls:\d+: `); args[0] == "generate" && strings.Contains(out, ".graphqls") &&
		!line.MatchString(out) {
		t.Errorf("there is no line in %s", out)
	}
	unchanged(t, dir, before)
}

// drift changes a document, and has trib name the fields that break.
func drift(t *testing.T, trib, dir, documents string) {
	t.Helper()
	t.Helper()
	library := filepath.Join(documents, "library.json")
	for _, tt := range []struct{ old, with, want string }{
		{`"price": {"type": "number"`, `"price": {"type": "boolean"`, "Book.price"},
		{`"full_name": {"type": "string"}`, `"name": {"type": "string"}`, "Author.fullName"},
		{`"/loans": {`, `"/lendings": {`, "Book.loans"},
		{`"name": "since", "in": "query"`, `"name": "from", "in": "query"`, "Query.loans"},
	} {
		edit(t, library, tt.old, tt.with)
		out, code := run(t, dir, trib, "check")
		if code != 1 || !strings.Contains(out, tt.want) {
			t.Errorf("%s for %s: exit code %d, want 1 and a line with %s in\n%s", tt.with, tt.old, code, tt.want, out)
		}
		edit(t, library, tt.with, tt.old)
	}
}
