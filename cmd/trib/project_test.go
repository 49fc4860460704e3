package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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
		{"author: Author @join", "author: Author @allow(rule: \"nothing\") @join", "func AllowNothing(ctx context.Context, f access.Field) bool"},
		{"author: Author @join", "author: Author @allow(rule: \"no name\") @join", "cannot be the name of a rule"},
		{"author: Author @join", "author: Author @allow @join", "rule"},
		{"  title: String!\n", "  title: String!\n  title: String!\n", "title"},
		{`book(bookId: ID!): Book @join(key: "{bookId}")`, `book(bookId: ID!): Book @join(key: "{book}")`, `no argument "book"`},
		{`call: "POST /loans"`, `call: "POST /loan"`, "does not have POST /loan"},
		{`body: "{input}"`, `body: "{other}"`, `no argument "other"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book.nothing"]`, `"Book.nothing"`},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={input.nothing}"]`, "input.nothing"},
		{`invalidates: ["Book.loans={input.bookId}"]`, `invalidates: ["Book={result.nothing}"]`, "{result.nothing} in invalidates is no field of Loan"},
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
	config := filepath.Join(dir, "gqlgen.yml")
	for _, tt := range []struct{ file, old, with, want string }{
		{config, "\nmodels:\n", "\nmodels:\n  LoanCreateInput:\n    model: example.com/shop/resolvers.Nothing\n", "write type Nothing = … there"},
		{config, "AnimalStatus:\n    model: example.com/shop/services.Standing", "AnimalStatus:\n    model: example.com/shop/services.Round", "needs func decodeRound(d *rest.Decoder, v *Round) bool"},
		{config, "services.Round", "services.Sphere", "names the type Sphere for it"},
		{filepath.Join(dir, "services", "byhand.go"), "\tSize scalar.Decimal\n", "\tOther *scalar.Decimal\n", "Circle.radius: the type in Go, example.com/shop/services.Round, has no field Size that fits"},
		{filepath.Join(dir, "services", "byhand.go"), "\tSize scalar.Decimal\n", "\tSize *scalar.Decimal\n", "services/vendor.generated.go:"},
	} { // some are found when half of the code has been written
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
	if line := regexp.MustCompile(`\.graphqls:\d+: `); args[0] == "generate" && strings.Contains(out, ".graphqls") && !line.MatchString(out) {
		t.Errorf("there is no line in %s", out)
	}
	unchanged(t, dir, before)
}

// byHand gives the project types in Go that its configuration names: they win over
// generated ones.
func byHand(t *testing.T, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "services", "byhand.go"), `package services

import (
	"io"
	"strings"

	"tributary/gateway/rest"
	"tributary/gateway/scalar"
)

// Round is a circle.
type Round struct {
	Size scalar.Decimal
	Kind string `+"`json:\"kind\"`"+`
}

// Widgets is a name that generated code must not use.
func Widgets() {}

// Standing is the state of an animal.
type Standing string

func decodeStanding(d *rest.Decoder, v *Standing) bool { return rest.String(d, (*string)(v)) }

func (s Standing) MarshalGQL(w io.Writer) { rest.WriteEnum(w, strings.ToUpper(string(s))) }

// UnmarshalGQL reads the name.
func (s *Standing) UnmarshalGQL(v any) error {
	text, ok := v.(string)
	*s = Standing(strings.ToLower(text))
	if !ok {
		return rest.NotInEnum("Standing")
	}
	return nil
}
`)
	edit(t, filepath.Join(dir, "gqlgen.yml"), "\nmodels:\n", `
models:
  Circle:
    model: example.com/shop/services.Round
    fields: {radius: {fieldName: Size}}
  AnimalStatus:
    model: example.com/shop/services.Standing
`)
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
		"clinic": newService(t, map[string]string{
			`GET /patients/?status=&status=in-active`:     `{"items":[{"id":"p1","first_name":"A","status":""}],"total":1}`,
			`GET /patients/p1/appointments?upcoming=true`: `[{"id":1,"patient_id":"p1","doctor_id":7,"starts_at":"2026-01-02T03:04:05Z","state":"N/A","window":["2026-01-02T03:04:05Z","2026-01-02T04:04:05Z"],"previous":{"id":2,"patient_id":"p1","doctor_id":8,"starts_at":"2026-01-02T03:04:05Z","state":"no show"}}]`,
			`POST /doctors/by-ids {"ids":[7,8]}`:          `[{"id":8,"name":"H","specialties":["x-ray"]},{"id":7,"name":"G"}]`,
			`GET /appointments/1/bill`:                    `{"number":"B1","amount":"1.10","kind":"insurance","insurer":"I"}`,
			`GET /appointments/2/bill`:                    `{"kind":"private","number":"B2","amount":"2","paid":false}`,
			`GET /appointments/3/bill`:                    `{"kind":"other"}`,
			`POST /patients/ {"first_name":"N","doctor_id":9007199254740993,"deposit":1.50,"last_name":null}`: `{"id":"p9","first_name":"N","status":"active"}`,
		}),
		"fleet": newService(t, map[string]string{
			`GET /api/vehicles?page=1&size=2&sort=vin%2Casc&status=IN_SERVICE`: `{"content":[{"id":1,"vin":"V","type":"BUS","depotId":3}],"totalElements":1}`,
			`GET /api/depots/3`:          `{"id":3,"name":"D","_links":{}}`,
			`GET /api/depots/3/vehicles`: `[{"id":1,"vin":"V","type":"BUS","depotId":3}]`,
		}),
		"stock": newService(t, map[string]string{
			`GET /items?ids=5`:                          `[{"id":5,"sku":"s","price":0.10,"2d_barcode":"|","class":"b+","grade":2,"warehouse-code":"w"}]`,
			`GET /warehouses/w`:                         `{"code":"w","name":"W","opening_hours":[["8","12"]]}`,
			`GET /warehouses/w/items?limit=2&grade=1,5`: `{"items":[{"id":5,"sku":"s","price":0.10}],"next_cursor":null}`,
		}),
		"press": newService(t, map[string]string{
			`GET /writers/1`:          `{"data":{"type":"writers","id":"1","attributes":{"name":"W"}}}`,
			`GET /writers/1/articles`: `{"data":[{"type":"articles","id":"2","attributes":{"title":"T","state":"on-hold"}}]}`,
			`GET /articles?filter[author]=x+y&page[after]=c%26d&sort=-created`: `{"data":[],"links":{}}`,
		}),
		"acme": newService(t, map[string]string{
			`GET /widgets/7/`:                        `{"id":7,"name":"N","2fa":true,"type":"a/b","size":[1,2],"__meta":{"etag":"e"}}`,
			`GET /widgets?tag[]=a&tag[]=b&deep[a]=z`: `{"result":{"widgets":[{"id":7,"name":"N"}],"cursor":"c"}}`,
			`GET /events/2026/02`:                    `[{"ts":1700000000000,"owner_id":"o","string":"s","error":"e","len":1}]`,
			`GET /owners/o`:                          `{"success":true,"owner":{"owner_id":"o","Full Name":"F"},"error":null}`,
			`GET /owners/x`:                          `{"success":false,"owner":null,"error":"none"}`,
			`GET /widgets?since=2026-01-01T00%3A00%3A00Z&owner_id=o`: `{"result":{"widgets":[{"id":8,"name":"M"}]}}`,
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
	for name := range services {
		if name != "billing" {
			env = append(env, "BFF_"+strings.ToUpper(name)+"_URL="+services[name].url)
		}
	}
	for _, document := range []string{
		"library.json", "billing.yaml", "animals.json", "articles.yaml", "vendor.yaml", "clinic.json", "fleet.yaml", "stock.yaml",
		"press.yaml", // which calls something else an article
		"acme.yaml",
	} {
		name := strings.TrimSuffix(document, filepath.Ext(document))
		args := []string{"add", name, "--openapi", filepath.Join(documents, document), "--url", "http://" + name + ".example.com"} // the same each time, for the build cache
		switch name {
		case "vendor":
			args = append(args, "--read", "searchParts")
		case "library": // with a write
			args = append(args, "book", "booksBatch", "author", "authorBooks", "loans", "createLoan")
		case "clinic":
			args = append(args, "list_patients", "create_patient", "list_patient_appointments", "doctors_by_ids", "get_doctor", "get_bill", "read_appointment", "get_patient")
		case "animals":
			args = append(args, "animalById", "animalsByStatus", "adoption", "deleteAnimal")
		}
		must(t, dir, trib, args...)
	}
	edit(t, filepath.Join(dir, "graph", "schema", "library.graphqls"), `body: "{input}"`, `body: "{input}", invalidates: ["Book.loans={input.bookId}"]`)
	edit(t, filepath.Join(dir, "graph", "schema", "library.graphqls"), "enum Genre {",
		"extend type Query {\n  reserved(bookId: ID!): Book @join(key: \"{bookId}\") @requiresScopes(scopes: [[\"a\", \"b\"], [\"c\"]]) @allow(rule: \"reader\")\n}\n\nenum Genre {")
	const rules = `// Package resolvers resolves.
package resolvers

import (
	"context"

	"tributary/gateway/access"
)

// AllowReader decides on reserved books.
func AllowReader(_ context.Context, f access.Field) bool {
	book, ok := f.Text("bookId")
	return ok && book == f.Viewer.Subject
}
`
	if err := os.WriteFile(filepath.Join(dir, "resolvers", "rules.go"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	byHand(t, dir)
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
			"FastAPI: nullable references, enums with odd values, tuples, integer keys, one value of a union",
			`{ patients(status: [EMPTY, IN_ACTIVE]) { status appointments(upcoming: true) { state window doctor { name } previous { state doctor { name specialties } } bill { __typename ... on InsuranceBill { kind amount } } } } }`,
			`{"patients":[{"status":"EMPTY","appointments":[{"state":"N_A","window":["2026-01-02T03:04:05Z","2026-01-02T04:04:05Z"],"doctor":{"name":"G"},"previous":{"state":"NO_SHOW","doctor":{"name":"H","specialties":["X_RAY"]}},"bill":{"__typename":"InsuranceBill","kind":"INSURANCE","amount":"1.10"}}]}]}`,
			map[string][]string{"clinic": {"GET /appointments/1/bill", "GET /patients/?status=&status=in-active", "GET /patients/p1/appointments?upcoming=true", `POST /doctors/by-ids {"ids":[7,8]}`}},
		},
		{
			"a value of a union that is unknown, missing or of no type",
			`{ two: bill(appointmentId: 2) { ... on PrivateBill { amount paid } } three: bill(appointmentId: 3) { __typename } four: bill(appointmentId: 4) { __typename } doctor(doctorId: "x") { name } }`,
			`{"two":{"amount":"2","paid":false},"three":null,"four":null,"doctor":null} UPSTREAM_INVALID_RESPONSE at [three] BAD_USER_INPUT at [doctor]`,
			map[string][]string{"clinic": {"GET /appointments/2/bill", "GET /appointments/3/bill", "GET /appointments/4/bill"}},
		},
		{
			"ids and amounts in a body as the document has them",
			`mutation { createPatient(input: {firstName: "N", lastName: null, doctorId: "9007199254740993", deposit: 1.50}) { id status } }`,
			`{"createPatient":{"id":"p9","status":"ACTIVE"}}`,
			map[string][]string{"clinic": {`POST /patients/ {"first_name":"N","doctor_id":9007199254740993,"deposit":1.50,"last_name":null}`}},
		},
		{
			"springdoc: the members of an object in the query, models of entities, lists below a path",
			`{ all(page: 1, size: 2, sort: ["vin,asc"], status: [IN_SERVICE]) { vin depot { name vehicles { vin } } } }`,
			`{"all":[{"vin":"V","depot":{"name":"D","vehicles":[{"vin":"V"}]}}]}`,
			map[string][]string{"fleet": {"GET /api/depots/3", "GET /api/depots/3/vehicles", "GET /api/vehicles?page=1&size=2&sort=vin%2Casc&status=IN_SERVICE"}},
		},
		{
			"Swagger 2.0: nested allOf, names that begin with digits, lists of lists",
			`{ itemGet(itemId: 5) { id price _2dBarcode class grade warehouse { openingHours items(limit: 2, grade: [1, 5]) { sku } } } }`,
			`{"itemGet":{"id":"5","price":0.10,"_2dBarcode":"|","class":"B_PLUS","grade":2,"warehouse":{"openingHours":[["8","12"]],"items":[{"sku":"s"}]}}}`,
			map[string][]string{"stock": {"GET /items?ids=5", "GET /warehouses/w", "GET /warehouses/w/items?limit=2&grade=1,5"}},
		},
		{
			"JSON:API: items whose id is not that of their parent",
			`{ writer(id: 1) { attributes { name } articles { id attributes { title state } } } articles: pressArticles(filterAuthor: "x y", pageAfter: "c&d", sort: [MINUS_CREATED]) { id } }`,
			`{"writer":{"attributes":{"name":"W"},"articles":[{"id":"2","attributes":{"title":"T","state":"ON_HOLD"}}]},"articles":[]}`,
			map[string][]string{"press": {"GET /articles?filter[author]=x+y&page[after]=c%26d&sort=-created", "GET /writers/1", "GET /writers/1/articles"}},
		},
		{
			"a messy vendor: types and calls of one name, an envelope named like its entity, deep objects",
			`{ widget(widgetId: 7) { name _2fa type size meta { etag } } widgets(tag: ["a", "b"], deepA: "z") { widgets { id } cursor } eventsOfMonth(y: 2026, m: _02) { ts string error len owner { fullName widgets(since: "2026-01-01T00:00:00Z") { widgets { name } } } } owner(ownerId: "x") { fullName } }`,
			`{"widget":{"name":"N","_2fa":true,"type":"A_B","size":[1,2],"meta":{"etag":"e"}},"widgets":{"widgets":[{"id":"7"}],"cursor":"c"},"eventsOfMonth":[{"ts":1700000000000,"string":"s","error":"e","len":1,"owner":{"fullName":"F","widgets":{"widgets":[{"name":"M"}]}}}],"owner":null}`,
			map[string][]string{"acme": {"GET /events/2026/02", "GET /owners/o", "GET /owners/x", "GET /widgets/7/", "GET /widgets?since=2026-01-01T00%3A00%3A00Z&owner_id=o", "GET /widgets?tag[]=a&tag[]=b&deep[a]=z"}},
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
