package main_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var projects = flag.Bool("projects", false, "generate, build and run a project; make library does")

// project is a project that trib created from the documents in testdata, without generated code.
type project struct {
	dir       string
	documents string // copies, which a test may change
	trib      string // the binary
}

// newProject builds trib and makes a project with it.
func newProject(t *testing.T) *project {
	t.Helper()
	p := &project{dir: filepath.Join(t.TempDir(), "shop"), documents: t.TempDir(), trib: filepath.Join(t.TempDir(), "trib")}
	dir, documents, trib := p.dir, p.documents, p.trib
	if err := os.CopyFS(documents, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	must(t, ".", "go", "build", "-o", trib, ".")
	must(t, ".", trib, "new", dir, "--module", "example.com/shop")
	for _, document := range []string{
		"library.json", "billing.yaml", "animals.json", "articles.yaml", "vendor.yaml", "clinic.json", "fleet.yaml", "stock.yaml",
		"press.yaml", // which calls something else an article
		"acme.yaml",
	} {
		name := strings.TrimSuffix(document, filepath.Ext(document))
		// the same each time, for the build cache
		args := []string{"add", name, "--openapi", filepath.Join(documents, document), "--url", "http://" + name + ".example.com"}
		switch name {
		case "vendor":
			args = append(args, "--read", "searchParts")
		case "library": // with a write
			args = append(args, "book", "booksBatch", "author", "authorBooks", "loans", "createLoan")
		case "clinic":
			args = append(args, "list_patients", "create_patient", "list_patient_appointments", "doctors_by_ids",
				"get_doctor", "get_bill", "read_appointment", "get_patient")
		case "animals":
			args = append(args, "animalById", "animalsByStatus", "adoption", "deleteAnimal")
		}
		must(t, dir, trib, args...)
	}
	edit(t, filepath.Join(dir, "graph", "schema", "library.graphqls"), `body: "{input}"`,
		`body: "{input}", invalidates: ["Book.loans={input.bookId}"]`)
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
	return p
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

func TestProject_FromDocumentsToAnswers(t *testing.T) {
	if !*projects {
		t.Skip("SKIPPED: generating and building a project takes long: give -projects, as make library does")
	}
	services := servicesOf(t)
	env := []string{"BFF_BILLING_URL=" + services["billing"].url + "/billing"}
	for name := range services {
		if name != "billing" {
			env = append(env, "BFF_"+strings.ToUpper(name)+"_URL="+services[name].url)
		}
	}
	p := newProject(t)
	dir, trib := p.dir, p.trib
	must(t, dir, trib, "generate")
	resolvers := filepath.Join(dir, "resolvers", "library.go")
	edit(t, resolvers, "return r.loadLoanBook(ctx, obj)", "// By hand.\n\tbook, err := r.loadLoanBook(ctx, obj)\n\treturn book, err")
	before := tree(t, dir)
	edit(t, resolvers, "return r.loadBookAuthor(ctx, obj)", "return r.loadNothing(ctx, obj)")
	must(t, dir, trib, "generate")
	unchanged(t, dir, before) // with the body that was written by hand, and without the one that was not
	must(t, dir, trib, "check")
	lateRefusals(t, trib, dir)
	unchanged(t, dir, before)
	must(t, dir, "go", "build", "-o", "app", ".")
	if sdl := must(t, dir, "./app", "schema"); strings.Contains(sdl, "@entity") || strings.Contains(sdl, "@wire") ||
		strings.Contains(sdl, "requiresScopes") || strings.Contains(sdl, "Casing") || !strings.Contains(sdl, "@cacheControl") {
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
			map[string][]string{"billing": {"GET /billing/api/customers/1/invoices?status=OPEN",
				"GET /billing/api/customers/1/invoices?status=PAID&page=0&size=1"}},
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
			map[string][]string{"clinic": {"GET /appointments/1/bill", "GET /patients/?status=&status=in-active",
				"GET /patients/p1/appointments?upcoming=true", `POST /doctors/by-ids {"ids":[7,8]}`}},
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
			map[string][]string{"fleet": {"GET /api/depots/3", "GET /api/depots/3/vehicles",
				"GET /api/vehicles?page=1&size=2&sort=vin%2Casc&status=IN_SERVICE"}},
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
			map[string][]string{"press": {"GET /articles?filter[author]=x+y&page[after]=c%26d&sort=-created",
				"GET /writers/1", "GET /writers/1/articles"}},
		},
		{
			"a messy vendor: types and calls of one name, an envelope named like its entity, deep objects",
			`{ widget(widgetId: 7) { name _2fa type size meta { etag } } widgets(tag: ["a", "b"], deepA: "z") { widgets { id } cursor } eventsOfMonth(y: 2026, m: _02) { ts string error len owner { fullName widgets(since: "2026-01-01T00:00:00Z") { widgets { name } } } } owner(ownerId: "x") { fullName } }`,
			`{"widget":{"name":"N","_2fa":true,"type":"A_B","size":[1,2],"meta":{"etag":"e"}},"widgets":{"widgets":[{"id":"7"}],"cursor":"c"},"eventsOfMonth":[{"ts":1700000000000,"string":"s","error":"e","len":1,"owner":{"fullName":"F","widgets":{"widgets":[{"name":"M"}]}}}],"owner":null}`,
			map[string][]string{"acme": {"GET /events/2026/02", "GET /owners/o", "GET /owners/x", "GET /widgets/7/",
				"GET /widgets?since=2026-01-01T00%3A00%3A00Z&owner_id=o", "GET /widgets?tag[]=a&tag[]=b&deep[a]=z"}},
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
