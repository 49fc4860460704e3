package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func newParserOf(command any) (*kong.Kong, error) { return kong.New(command) }

func TestDev_ServesAllOfAGraph(t *testing.T) {
	gateway, banner := start(t, library())
	for _, part := range []string{"library is running", "authors     http://127.0.0.1:", "books       http://127.0.0.1:", "curl " + gateway + "/api/authors/a1"} {
		if !strings.Contains(banner, part) {
			t.Errorf("no %q in %s", part, banner)
		}
	}
	for path, want := range map[string]string{
		"/livez":          "alive",
		"/readyz":         "ready",
		"/health":         `"books":{"status":"healthy"`,
		"/api/authors/a1": `{"author":{"name":"Author 1","books":[{"title":"Book 1 of 1","price":9.90},`,
		"/graphql?query={book(id:%22b2-1%22){author{name}}}": `{"book":{"author":{"name":"Author 2"}}}`,
		"/openapi.json": `"openapi": "3.1.0"`,
		"/docs":         "<html",
		"/":             `<a href="/shelf"><b>Shelf</b>`,
		"/shelf":        "<html>shelf</html>",
		"/playground":   `$id: ID!`,
		"/dev/faults":   `"authors":`,
		"/metrics":      `http_requests_total{endpoint="/api/authors/{id}"`,
	} {
		if status, body := get(t, gateway+path); path != "/metrics" && (status != http.StatusOK || !strings.Contains(body, want)) {
			t.Errorf("%s: %d, no %s in %.500s", path, status, want, body)
		}
	}
}

func TestDev_StartsWithoutServicesAndSchema(t *testing.T) {
	gateway, _ := start(t, &Graph{Name: "empty"})
	for path, want := range map[string]struct {
		status int
		part   string
	}{
		"/livez":                       {200, "alive"},
		"/readyz":                      {200, "ready"},
		"/health":                      {200, `"status":"healthy"`},
		"/":                            {200, "<html"},
		"/docs":                        {404, ""},
		"/openapi.json":                {404, ""},
		"/graphql?query={__typename}":  {200, `{"data":{"__typename":"Query"}}`},
		"/graphql?query={a:nothing}":   {200, `{"data":{"a":null}}`},
		"/graphql?query={something}":   {200, "GRAPHQL_VALIDATION_FAILED"},
		"/playground":                  {200, `"tabs":[]`},
		"/graphql?query={__schema{x}}": {200, "GRAPHQL_VALIDATION_FAILED"},
	} {
		if status, body := get(t, gateway+path); status != want.status || !strings.Contains(body, want.part) {
			t.Errorf("%s: %d %.300s, want %d and %s", path, status, body, want.status, want.part)
		}
	}
	if code, sdl, _ := run(t, &Graph{Name: "empty"}, nil, "schema"); code != 0 || !strings.Contains(sdl, "type Query {") {
		t.Errorf("schema: %d %s", code, sdl)
	}
}

func TestSettings_FollowTheServicesOfTheGraph(t *testing.T) {
	g := &Graph{Name: "shelf", Services: []Service{
		{Name: "books", URL: "http://books.example.com"},
		{Name: "book-reviews", URL: "http://reviews.example.com", Example: &Example{Addr: ":9100"}},
		{Name: "v2", URL: "http://v2.example.com"},
		{Name: "readers", URL: "http://readers.example.com"},
	}}
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("v2_url: http://file.example.com\nbook_reviews_addr: ':9101'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, g, map[string]string{"BFF_BOOK_REVIEWS_URL": "http://env.example.com"},
		"config", "--config", file, "--readers-url=http://flag.example.com")
	if code != 0 {
		t.Fatal(code, stderr)
	}
	lines := strings.Split(stdout, "\n")
	for _, want := range [][]string{
		{`books_url: "http://books.example.com"`, "# default"},
		{`book_reviews_url: "http://env.example.com"`, "# environment BFF_BOOK_REVIEWS_URL"},
		{`v2_url: "http://file.example.com"`, "# file " + file + ":1"},
		{`readers_url: "http://flag.example.com"`, "# flag --readers-url"},
		{`book_reviews_addr: ":9101"`, "# file " + file + ":2"},
	} {
		found := false
		for _, line := range lines {
			found = found || strings.HasPrefix(line, want[0]) && strings.HasSuffix(line, want[1])
		}
		if !found {
			t.Errorf("no line %q in\n%s", want, stdout)
		}
	}
}

func TestSettings_NameWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		services []string
		env      map[string]string
		code     int
		want     []string
	}{
		"a URL":                 {[]string{"books"}, map[string]string{"BFF_BOOKS_URL": "books"}, 2, []string{"BFF_BOOKS_URL", "http://"}},
		"a URL with a dash":     {[]string{"book-reviews"}, map[string]string{"BFF_BOOK_REVIEWS_URL": "http://h:x"}, 2, []string{"BFF_BOOK_REVIEWS_URL"}},
		"a header sent twice":   {[]string{"books"}, map[string]string{"BFF_BOOKS_HEADERS": "X-A: a\nx-tenant: t", "BFF_FORWARD_HEADERS": "X-Tenant@books"}, 2, []string{"BFF_BOOKS_HEADERS", "X-Tenant", "forward-headers", "remove"}},
		"one of the defaults":   {[]string{"books"}, map[string]string{"BFF_BOOKS_HEADERS": "accept-language: de"}, 2, []string{"BFF_BOOKS_HEADERS", "Accept-Language"}},
		"a claim's header":      {[]string{"books"}, map[string]string{"BFF_BOOKS_HEADERS": "X-User: u", "BFF_FORWARD_CLAIMS": "sub:X-User@books"}, 2, []string{"BFF_BOOKS_HEADERS", "X-User"}},
		"two Authorizations":    {[]string{"books"}, map[string]string{"BFF_BOOKS_OAUTH_TOKEN_URL": "http://h", "BFF_BOOKS_OAUTH_CLIENT_ID": "a", "BFF_BOOKS_OAUTH_CLIENT_SECRET": "b", "BFF_FORWARD_HEADERS": "Authorization@books"}, 2, []string{"BFF_FORWARD_HEADERS", "Authorization", "books-oauth-token-url"}},
		"an unknown service":    {[]string{"books"}, map[string]string{"BFF_UPSTREAM_OVERRIDES": "book.timeout=3s"}, 2, []string{`"book"`, "want one of books"}},
		"a name twice":          {[]string{"books", "books"}, nil, 1, []string{`two services "books"`}},
		"a name with a capital": {[]string{"Books"}, nil, 1, []string{`"Books"`, "lower case"}},
		"no name":               {[]string{""}, nil, 1, []string{`""`}},
		"the name of a setting": {[]string{"redis"}, nil, 1, []string{"redis-url"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &Graph{Name: "shelf"}
			for _, s := range tt.services {
				g.Services = append(g.Services, Service{Name: s, URL: "http://localhost:1"})
			}
			code, _, stderr := run(t, g, tt.env, "gateway", "--addr=127.0.0.1:0")
			if code != tt.code || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, want %d; %s", code, tt.code, stderr)
			}
			for _, part := range tt.want {
				if !strings.Contains(stderr, part) {
					t.Errorf("no %s in %s", part, stderr)
				}
			}
		})
	}
}

func TestVersion_IsThatOfTheGraph(t *testing.T) {
	if code, stdout, _ := run(t, library(), nil, "--version"); code != 0 || stdout != "library 1.2.3\n" {
		t.Errorf("%d %q", code, stdout)
	}
}
