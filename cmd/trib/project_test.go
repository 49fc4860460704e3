package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A service answers by request line, and records what it is asked.
type service struct {
	url     string
	answers map[string]string

	mu    sync.Mutex
	asked []string
}

func newService(t *testing.T, answers map[string]string) *service {
	t.Helper()
	s := &service{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := strings.TrimSpace(r.Method + " " + r.RequestURI + " " + string(body))
	s.mu.Lock()
	s.asked = append(s.asked, line)
	s.mu.Unlock()
	answer, ok := s.answers[line]
	if !ok {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"title":"not found"}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer)
}

// take returns what was asked since the last call, sorted.
func (s *service) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := slices.Sorted(slices.Values(s.asked))
	s.asked = nil
	return asked
}

// run runs a command in dir and returns its output and exit code.
func run(t *testing.T, dir, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -buildvcs=false") // those of the test, to share its build cache
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// must is run for a command that has to succeed.
func must(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, code := run(t, dir, name, args...)
	if code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s", name, strings.Join(args, " "), code, out)
	}
	return out
}

// tree returns the files below dir with their content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// edit replaces a text that a file has once.
func edit(t *testing.T, file, old, with string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil || strings.Count(string(b), old) != 1 {
		t.Fatalf("%s does not have %s once: %v", file, old, err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), old, with, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// unchanged checks that dir has the files that it had.
func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := tree(t, dir)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			t.Errorf("%s has changed:\n%s", name, after[name])
		}
	}
	if len(before) != len(after) {
		t.Errorf("%d files, want %d", len(after), len(before))
	}
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
		{"  title: String!\n", "  title: String!\n  title: String!\n", "title"},
		{`book(bookId: ID!): Book @join(key: "{bookId}")`, `book(bookId: ID!): Book @join(key: "{book}")`, `no argument "book"`},
		{`call: "POST /loans"`, `call: "POST /loan"`, "does not have POST /loan"},
		{`body: "{input}"`, `body: "{other}"`, `no argument "other"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book.nothing"]`, `"Book.nothing"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={input.nothing}"]`, "input.nothing"},
		{"createLoan(input: LoanCreateInput!): Loan", "createLoan(input: LoanCreateInput!, more: Int): Loan", `"more" is not used`},
		{`keys: "book_ids", max: 50`, `keys: "book_ids", max: 0`, "max must be 1 or more"},
		{"enum Genre {", "enum Genre", "library.graphqls"},
	} {
		edit(t, file, tt.old, tt.with)
		refused(t, trib, dir, tt.want, "generate")
		edit(t, file, tt.with, tt.old)
	}
	config, binding := filepath.Join(dir, "gqlgen.yml"), "\nmodels:\n  LoanCreateInput:\n    model: example.com/shop/resolvers.Nothing\n"
	edit(t, config, "\nmodels:\n", binding)
	refused(t, trib, dir, "resolvers.Nothing", "generate") // when half of the code has been written
	edit(t, config, binding, "\nmodels:\n")
}

// refused runs trib in dir, which must say what is wrong in one line and write nothing.
func refused(t *testing.T, trib, dir, want string, args ...string) {
	t.Helper()
	before := tree(t, dir)
	out, code := run(t, dir, trib, args...)
	if code != 2 || strings.Count(out, "\n") != 1 || !strings.Contains(out, want) {
		t.Errorf("trib %s: exit code %d, want 2 and a line with %s in\n%s", strings.Join(args, " "), code, want, out)
	}
	if line := regexp.MustCompile(`\.graphqls:\d+: `); args[0] == "generate" && strings.Contains(out, ".graphqls") && !line.MatchString(out) {
		t.Errorf("there is no line in %s", out)
	}
	unchanged(t, dir, before)
}

// drift changes a document, and has trib name the fields that break.
func drift(t *testing.T, trib, dir, documents string) {
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

// gateway runs a project's binary until the test ends, and returns its address.
func gateway(t *testing.T, binary string, env ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	cmd := exec.Command(binary, "gateway", "--addr", addr)
	cmd.Env = append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the gateway ended with %v:\n%s", err, log.String())
		}
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + addr + "/livez")
		if err == nil {
			_ = resp.Body.Close()
			return "http://" + addr
		}
	}
	t.Fatalf("the gateway does not answer:\n%s", log.String())
	return ""
}

// query runs a query and returns the response without its extensions.
func query(t *testing.T, url, text string) string {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": text})
	resp, err := http.Post(url+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Path       []any
			Extensions struct{ Code string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	out := string(answer.Data)
	for _, e := range answer.Errors {
		out += fmt.Sprint(" ", e.Extensions.Code, " at ", e.Path)
	}
	return out
}

const book = `{"id":%q,"title":"T","author_id":7,"genre":"non-fiction","price":9.90,"metadata":{"x":1}}`

func TestProject_FromDocumentsToAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	services := map[string]*service{
		"library": newService(t, map[string]string{
			`POST /books/batch {"book_ids":["b1","b2"]}`: "[" + fmt.Sprintf(book, "b2") + "," + fmt.Sprintf(book, "b1") + "]",
			`GET /authors/7`: `{"id":7,"full_name":"Анна","born":null}`,
			`GET /authors/9`: `{"id":8,"full_name":"Another"}`,
			`GET /authors/7/books?genre=novel&genre=poetry`: "[" + fmt.Sprintf(book, "b3") + "]",
			`GET /authors/7/books`:                          "[]",
			`POST /loans {"book_id":"b1"}`:                  `{"id":"l9","book_id":"b1","due_at":"2026-01-02T03:04:05Z"}`,
			`GET /loans?book_id=b1`:                         `[{"id":"l1","book_id":"b1","due_at":"2026-01-02T03:04:05"}]`,
			`GET /loans?book_id=b2`:                         `[{"id":"l2","book_id":"b9","due_at":"2026-01-02T03:04:05Z"}]`,
		}),
		"billing": newService(t, map[string]string{
			`GET /billing/api/customers?ids=1&ids=2`:                          `[{"id":1,"displayName":"One","loyaltyPoints":9007199254740993},{"id":2}]`,
			`GET /billing/api/customers/1/invoices?status=PAID&page=0&size=1`: `{"totalElements":1,"content":[{"id":5,"number":"N5","amount":0.10,"status":"PAID","customerId":1}]}`,
			`GET /billing/api/customers/1/invoices?status=OPEN`:               `{"totalElements":0}`,
		}),
		"animals": newService(t, map[string]string{
			`GET /animal/findByStatus?status=available,adopted`: `[{"id":3,"name":"Rex","photoUrls":[],"status":"adopted","category":{"id":1,"name":"dogs"}}]`,
			`GET /adoption/x`:  `{"id":"x","animalId":3,"createdAt":"2026-01-02T03:04:05Z","fee":12}`,
			`GET /animal/3`:    `{"id":3,"name":"Rex","photoUrls":["u"]}`,
			`GET /animal/4`:    `{"error":"not found"}`,
			`DELETE /animal/3`: ``,
		}),
		"articles": newService(t, map[string]string{
			`GET /articles/1`: `{"data":{"type":"articles","id":"1","attributes":{"title":"T","body-text":"B","word-count":2},"relationships":{"author":{"data":{"type":"people","id":"9"}}}},"included":[]}`,
			`GET /articles?filter[section]=news&page[number]=2`: `{"data":[{"type":"articles","id":"2"}]}`,
		}),
		"vendor": newService(t, map[string]string{
			`GET /parts?ids=p1,p2`:                       `{"_embedded":{"parts":[{"id":"p1","Name":"N","func":"f","type":"t","select":null,"category_code":"c","shape":{"kind":"round","radius":1.50}},{"id":"p2","Name":"M","func":"g","shape":{"kind":"box","width":2}}]}}`,
			`GET /categories/c`:                          `{"code":"c","parent":{"code":"root"},"children":[{"code":"d","children":[]}]}`,
			`GET /tenants/a%2Fb/machines/s`:              `{"tenant":"a/b","serial":"s","hours":9223372036854775807,"partIds":["p1","p2"]}`,
			`GET /tenants/t/machines/s`:                  `{"tenant":"other","serial":"s"}`,
			`POST /search {"text":"x","max_price":2.50}`: `{"hits":[{"id":"p1","Name":"N","func":"f"}],"took":1}`,
		}),
	}
	dir := filepath.Join(t.TempDir(), "shop")
	documents := t.TempDir()
	if err := os.CopyFS(documents, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	trib := filepath.Join(t.TempDir(), "trib")
	must(t, ".", "go", "build", "-o", trib, ".")
	must(t, ".", trib, "new", dir, "--module", "example.com/shop")
	env := []string{"BFF_BILLING_URL=" + services["billing"].url + "/billing"}
	for name, document := range map[string]string{"library": "library.json", "billing": "billing.yaml", "animals": "animals.json", "articles": "articles.yaml", "vendor": "vendor.yaml"} {
		args := []string{"add", name, "--openapi", filepath.Join(documents, document), "--url", services[name].url}
		switch name {
		case "vendor":
			args = append(args, "--read", "searchParts")
		case "library": // with a write
			args = append(args, "book", "booksBatch", "author", "authorBooks", "loans", "createLoan")
		case "animals":
			args = append(args, "animalById", "animalsByStatus", "adoption", "deleteAnimal")
		}
		must(t, dir, trib, args...)
	}
	edit(t, filepath.Join(dir, "graph", "schema", "library.graphqls"), `body: "{input}"`, `body: "{input}", invalidates: ["Book.loans={input.bookId}"]`)
	edit(t, filepath.Join(dir, "graph", "schema", "library.graphqls"), "enum Genre {",
		"extend type Query {\n  reserved(bookId: ID!): Book @join(key: \"{bookId}\") @requiresScopes(scopes: [[\"a\", \"b\"], [\"c\"]])\n}\n\nenum Genre {")
	must(t, dir, trib, "generate")
	resolvers := filepath.Join(dir, "resolvers", "library.go")
	edit(t, resolvers, "return r.loadLoanBook(ctx, obj)", "// By hand.\n\tbook, err := r.loadLoanBook(ctx, obj)\n\treturn book, err")
	before := tree(t, dir)
	edit(t, resolvers, "return r.loadBookAuthor(ctx, obj)", "return r.loadNothing(ctx, obj)")
	must(t, dir, trib, "generate")
	unchanged(t, dir, before) // with the body that was written by hand, and without the one that was not
	must(t, dir, trib, "check")
	refusals(t, trib, dir, documents)
	drift(t, trib, dir, documents)
	unchanged(t, dir, before)
	must(t, dir, "go", "vet", "./...")
	must(t, dir, "go", "build", "-o", "app", ".")
	if sdl := must(t, dir, "./app", "schema"); strings.Contains(sdl, "@entity") || strings.Contains(sdl, "@wire") || strings.Contains(sdl, "requiresScopes") || strings.Contains(sdl, "Casing") || !strings.Contains(sdl, "@cacheControl") {
		t.Errorf("clients see\n%s", sdl)
	}
	url := gateway(t, filepath.Join(dir, "app"), env...)

	for _, tt := range []struct {
		name, query, want string
		asked             map[string][]string
	}{
		{
			"a batch, and joins below it",
			`{ booksBatch(bookIds: ["b1", "b2"]) { id price genre author { fullName } } }`,
			`{"booksBatch":[{"id":"b1","price":9.90,"genre":"NON_FICTION","author":{"fullName":"Анна"}},{"id":"b2","price":9.90,"genre":"NON_FICTION","author":{"fullName":"Анна"}}]}`,
			map[string][]string{"library": {"GET /authors/7", `POST /books/batch {"book_ids":["b1","b2"]}`}},
		},
		{
			"lists below what they belong to, from the cache where it is there",
			`{ book(bookId: "b1") { loans { id dueAt } } other: book(bookId: "b2") { loans { id } } }`,
			`{"book":{"loans":[{"id":"l1","dueAt":"2026-01-02T03:04:05Z"}]},"other":{"loans":null}} UPSTREAM_INVALID_RESPONSE at [other loans]`,
			map[string][]string{"library": {"GET /loans?book_id=b1", "GET /loans?book_id=b2"}},
		},
		{
			"optional and repeated parameters, and one load for two fields",
			`query { author(authorId: 7) { books(genre: [NOVEL, POETRY]) { id } all: books { id } } authorBooks(authorId: 7, genre: [NOVEL, POETRY]) { title } }`,
			`{"author":{"books":[{"id":"b3"}],"all":[]},"authorBooks":[{"title":"T"}]}`,
			map[string][]string{"library": {"GET /authors/7/books", "GET /authors/7/books?genre=novel&genre=poetry"}},
		},
		{
			"another key is not found",
			`{ author(authorId: 9) { fullName } animalById(animalId: 4) { name } machineGet(tenant: "t", serial: "s") { hours } }`,
			`{"author":null,"animalById":null,"machineGet":null}`,
			map[string][]string{"library": {"GET /authors/9"}, "animals": {"GET /animal/4"}, "vendor": {"GET /tenants/t/machines/s"}},
		},
		{
			"an item that is broken costs itself alone",
			`{ one: customer(customerId: 1) { displayName loyaltyPoints } two: customer(customerId: 2) { displayName } }`,
			`{"one":{"displayName":"One","loyaltyPoints":9007199254740993},"two":null} UPSTREAM_INVALID_RESPONSE at [two]`,
			map[string][]string{"billing": {"GET /billing/api/customers?ids=1&ids=2"}},
		},
		{
			"paging in an envelope, which may be absent",
			`{ customer(customerId: 1) { invoices(status: PAID, page: 0, size: 1) { amount status customer { displayName } } open: invoices(status: OPEN) { id } } }`,
			`{"customer":{"invoices":[{"amount":0.10,"status":"PAID","customer":{"displayName":"One"}}],"open":[]}}`,
			map[string][]string{"billing": {"GET /billing/api/customers/1/invoices?status=OPEN", "GET /billing/api/customers/1/invoices?status=PAID&page=0&size=1"}},
		},
		{
			"Swagger 2.0",
			`{ animalsByStatus(status: [AVAILABLE, ADOPTED]) { name status category { name } } adoption(id: "x") { createdAt fee animal { photoUrls } } }`,
			`{"animalsByStatus":[{"name":"Rex","status":"ADOPTED","category":{"name":"dogs"}}],"adoption":{"createdAt":"2026-01-02T03:04:05Z","fee":12,"animal":{"photoUrls":["u"]}}}`,
			map[string][]string{"animals": {"GET /adoption/x", "GET /animal/3", "GET /animal/findByStatus?status=available,adopted"}},
		},
		{
			"JSON:API",
			`{ article(id: "1") { attributes { title bodyText wordCount } relationships { author { data { id } } } } articles(filterSection: "news", pageNumber: 2) { id attributes { title } } }`,
			`{"article":{"attributes":{"title":"T","bodyText":"B","wordCount":2},"relationships":{"author":{"data":{"id":"9"}}}},"articles":[{"id":"2","attributes":null}]}`,
			map[string][]string{"articles": {"GET /articles/1", "GET /articles?filter[section]=news&page[number]=2"}},
		},
		{
			"composite keys, lists of keys, unions, names that are Go's",
			`{ machineGet(tenant: "a/b", serial: "s") { hours parts { name func type select category { code children { code } } shape { __typename ... on Circle { radius } ... on Box { width } } } } }`,
			`{"machineGet":{"hours":9223372036854775807,"parts":[{"name":"N","func":"f","type":"t","select":null,"category":{"code":"c","children":[{"code":"d"}]},"shape":{"__typename":"Circle","radius":1.50}},{"name":"M","func":"g","type":null,"select":null,"category":null,"shape":{"__typename":"Box","width":2}}]}}`,
			map[string][]string{"vendor": {"GET /categories/c", "GET /parts?ids=p1,p2", "GET /tenants/a%2Fb/machines/s"}},
		},
		{
			"a POST that reads",
			`{ searchParts(input: {text: "x", maxPrice: 2.50}) { id } again: searchParts(input: {text: "x", maxPrice: 2.50}) { name } }`,
			`{"searchParts":[{"id":"p1"}],"again":[{"name":"N"}]}`,
			map[string][]string{"vendor": {`POST /search {"text":"x","max_price":2.50}`}},
		},
		{
			"a write, and what it makes out of date",
			`mutation { createLoan(input: {bookId: "b1"}) { id book { title loans { id } } } deleteAnimal(animalId: 3) again: deleteAnimal(animalId: 4) }`,
			`{"createLoan":{"id":"l9","book":{"title":"T","loans":[{"id":"l1"}]}},"deleteAnimal":true,"again":null} UPSTREAM_REJECTED at [again]`,
			map[string][]string{
				"library": {"GET /loans?book_id=b1", `POST /loans {"book_id":"b1"}`}, // the book is cached
				"animals": {"DELETE /animal/3", "DELETE /animal/4"},
			},
		},
		{
			"what only some may see, which is not asked for",
			`{ reserved(bookId: "b77") { title } }`,
			`{"reserved":null} UNAUTHENTICATED at [reserved]`,
			nil,
		},
		{
			"what was deleted is asked for anew",
			`{ adoption(id: "x") { animal { photoUrls } } }`,
			`{"adoption":{"animal":{"photoUrls":["u"]}}}`,
			map[string][]string{"animals": {"GET /animal/3"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := query(t, url, tt.query); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for name, s := range services {
				if asked := s.take(); !slices.Equal(asked, tt.asked[name]) {
					t.Errorf("%s was asked %q, want %q", name, asked, tt.asked[name])
				}
			}
		})
	}
}
