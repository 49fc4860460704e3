package resolvers_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/upstream"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
)

const degradationPage = "../docs/degradation.md"

var updateDegradation = flag.Bool("update-degradation", false, "write the table of "+degradationPage+" anew")

// What GraphQL asks for under each fault: each field that loads, by each way;
// but Profile.products, which leaves out what it has not, is left to REST.
const eachRoute = `{
	profile(userId: "u1") { user { username } orders { id user { username } items { product { name } } } }
	user(id: "u1") { username orders { id } }
	users(ids: ["u1"]) { username }
	orders(userId: "u1") { id }
	product(id: "p1") { name }
	products(ids: ["p1", "p2"]) { name }
}`

// Every fault of every service on every route of the data: what is missing is
// null with an error of that service, what is not missing is there, REST says
// the same, and the page that tells clients and operators so is right.
func TestDegradation_EveryFault(t *testing.T) {
	data, _ := wellAnswers()
	healthy := map[string]seenBy{}
	for _, service := range allServices {
		healthy[service] = ask(t, upstreamtest.New(t, data), nil, service, "", aFault{})
	}
	faults := testkit.Sample(t, slices.Concat(fromWire(), fromBody(), unasked()), 4)
	seen := make([]map[string]string, len(faults))
	var mu sync.Mutex
	t.Run("faults", func(t *testing.T) {
		for i, f := range faults {
			seen[i] = map[string]string{}
			for _, service := range allServices {
				t.Run(service+" "+f.name, func(t *testing.T) {
					t.Parallel()
					told := tell(t, service, healthy[service], f)
					mu.Lock()
					defer mu.Unlock()
					seen[i][service] = told
				})
			}
		}
	})
	if t.Failed() || testkit.Sampled() {
		return
	}
	var table strings.Builder
	table.WriteString("| the service … | users | orders | products |\n| --- | --- | --- | --- |\n")
	for i, f := range faults {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", f.name, seen[i][upstreamtest.Users], seen[i][upstreamtest.Orders], seen[i][upstreamtest.Products])
	}
	expectTable(t, "EveryFault", table.String())
}

// expectTable sees that the page has the table of a test between its marks.
func expectTable(t *testing.T, test, table string) {
	t.Helper()
	from, to := "<!-- table: written by go test ./resolvers -run "+test+" -update-degradation -->\n", "<!-- end of table -->\n"
	page, err := os.ReadFile(degradationPage)
	must(t, err)
	before, below, ok := strings.Cut(string(page), from)
	told, after, ok2 := strings.Cut(below, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", degradationPage)
	}
	if *updateDegradation {
		must(t, os.WriteFile(degradationPage, []byte(before+from+table+to+after), 0o644))
		return
	}
	if told != table {
		t.Errorf("%s is not what happens; run: go test ./resolvers -run %s -update-degradation\nwhat happens:\n%s\nwhat it says:\n%s", degradationPage, test, table, told)
	}
}

// tell asks by GraphQL and by REST while a service has a fault, and tells what a
// client sees of it, other than when all are healthy.
func tell(t *testing.T, service string, healthy seenBy, f aFault) string {
	t.Helper()
	data, well := wellAnswers()
	script := f.script(service, well[service])
	if script == nil {
		return "–"
	}
	up := upstreamtest.New(t, data)
	faulty := faultyupstream.New(t, script)
	if f.refuse {
		faulty.Refuse()
	}
	got := ask(t, up, faulty, service, well[service], f)
	return compare(t, service, healthy, got)
}

// seenBy is what clients got.
type seenBy struct {
	graphql response
	status  int
	rest    string
}

// ask sends a query to a gateway over up, of which faulty, if any, replaces a service.
func ask(t *testing.T, up *upstreamtest.Upstreams, faulty *faultyupstream.Server, service, well string, f aFault) (got seenBy) {
	t.Helper()
	with := graphtest.DefaultSetup()
	with.Calls = upstream.Config{MaxBody: 1 << 16, Retries: 2, RetryBudget: 1, Backoff: time.Millisecond, BackoffMax: time.Millisecond}
	if f.slow {
		with.Calls.Overrides = upstream.Overrides{service + ".timeout": "200ms", service + ".retries": "0"}
	}
	if f.before != nil {
		f.before.set(&with, service)
	}
	where := up.Config()
	if faulty != nil {
		*map[string]*string{upstreamtest.Users: &where.UsersURL, upstreamtest.Orders: &where.OrdersURL, upstreamtest.Products: &where.ProductsURL}[service] = faulty.URL()
	}
	for range 2 { // each by a graph with an empty cache
		server, stop, err := graphtest.NewWithServices(where, with)
		must(t, err)
		s := httptest.NewServer(server)
		c, after := &client{t, s.URL}, func() {}
		if f.before != nil {
			after = f.before.has(c, faulty, service, well)
		}
		if got.graphql.Data == nil {
			got.graphql = parse(t, c.ask(eachRoute))
		} else {
			got.status, got.rest = askREST(t, server)
		}
		after()
		s.Close()
		must(t, stop())
	}
	return got
}

func askREST(t *testing.T, server *graphtest.Server) (status int, body string) {
	t.Helper()
	profile := rest.NewProfile(server.Engine, func(*http.Request) string { return "u1" }, time.Minute, prometheus.NewRegistry())
	w := httptest.NewRecorder()
	profile.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/profile/u1", http.NoBody))
	return w.Code, w.Body.String()
}

// compare tells what a client has lost.
func compare(t *testing.T, service string, healthy, got seenBy) string {
	t.Helper()
	whole := string(got.graphql.Data) == string(healthy.graphql.Data)
	switch errs := got.graphql.Errors; {
	case len(errs) == 0 && got.graphql.Extensions != nil:
		if want := []string{service + ": stale"}; !whole || !slices.Equal(got.graphql.degraded(), want) {
			t.Errorf("degraded without an error: %v, %s", got.graphql.degraded(), got.graphql.Data)
		}
		expectREST(t, got, http.StatusOK, `"degraded":[{"service":"`+service+`","reason":"stale","age_seconds":`)
		return "stale"
	case len(errs) == 0 && whole:
		expectREST(t, got, http.StatusOK, `"degraded":[]`)
		return "complete"
	case len(errs) == 0 && service == upstreamtest.Users:
		expectREST(t, got, http.StatusNotFound, `"NOT_FOUND"`)
		return "not found"
	case len(errs) == 0:
		expectREST(t, got, http.StatusOK, `"degraded":[]`)
		return "not found"
	case whole:
		t.Errorf("nothing is missing, yet %v", errs)
	default:
		code := errs[0].Extensions["code"]
		reason := reasonOf(t, code)
		expectBlame(t, got.graphql, service, code, reason)
		expectREST(t, got, http.StatusOK, `"degraded":[{"service":"`+service+`","reason":"`+reason+`"}]`)
		if service == upstreamtest.Products && strings.Contains(productsOf(t, got.graphql), `"name"`) {
			return "`" + code + "`, of that item"
		}
		return "`" + code + "`"
	}
	return "?"
}

func productsOf(t *testing.T, r response) string {
	t.Helper()
	var data struct{ Products json.RawMessage }
	must(t, json.Unmarshal(r.Data, &data))
	return string(data.Products)
}

func expectREST(t *testing.T, got seenBy, status int, part string) {
	t.Helper()
	if got.status != status || !strings.Contains(got.rest, part) {
		t.Errorf("REST: %d, no %s in %s", got.status, part, got.rest)
	}
}

func reasonOf(t *testing.T, code string) string {
	t.Helper()
	for _, k := range fault.Kinds() {
		if k.Code() == code {
			return k.Reason()
		}
	}
	t.Fatalf("there is no code %q", code)
	return ""
}
