// Package browser_test tries the pages in a browser.
package browser_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"tributary/internal/testkit/browsertest"
	"tributary/test/harness"
)

const (
	axe    = "../../web/node_modules/axe-core/axe.min.js"
	images = "../../docs/images/"
)

// Parts of the playground, by selectors.
const (
	runButton = ".graphiql-execute-button"
	totals    = ".totals"
	attempts  = ".wf-row.attempt"
)

var builder harness.Builder

func TestMain(m *testing.M) {
	code := m.Run()
	builder.Close()
	os.Exit(code)
}

// start starts everything.
func start(t *testing.T, args ...string) *harness.Dev {
	t.Helper()
	return builder.Dev(t, nil, args...)
}

// call sends a request that must succeed.
func call(t *testing.T, method, url, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s: %s", url, resp.Status)
	}
}

// slowOrders gives the order service a fault, as a rule has it.
func slowOrders(t *testing.T, s *harness.Dev, fault string) {
	t.Helper()
	call(t, http.MethodPut, s.Orders+"/_faults", `[{"route":"*",`+fault+`}]`)
}

// shows is true when the editor of the playground shows the operation of a name.
func shows(operation string) string {
	return `document.querySelector(".graphiql-query-editor .view-lines")?.innerText.includes("` + operation + `")`
}

// theirs is what is not ours to make accessible: Monaco, which has a mode for
// screen readers that axe does not know, and GraphiQL's tabs, in which the
// button that closes a tab is part of the tab.
var theirs = []string{".monaco-editor", ".graphiql-tab"}

// theirsInDocs is Swagger UI's markup: buttons within the button that folds an
// operation, examples that scroll and take no focus, a choice without a name.
var theirsInDocs = []string{".opblock-summary-control", ".microlight", ".examples-select-element"}

func TestThePlaygroundRunsAQueryAndShowsHowItWasAnswered(t *testing.T) {
	s := start(t)
	var p *browsertest.Page
	paint := 1e9
	for try := 0; try < 3 && paint > 1000; try++ { // the machine may be busy: the best of three browsers
		p = browsertest.New(t, 1440, 900)
		p.Open(s.Gateway + "/playground")
		p.Wait(runButton)
		paint = browsertest.Eval[float64](p, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
	}
	if paint > 1000 {
		t.Errorf("the first paint took %.0f ms", paint)
	}
	p.Until(shows("Profile"))
	p.Click(runButton)
	p.Wait(totals, "3 calls", "orders 1, products 1, users 1")
	p.Wait(".run .cost", "Calls at most, with nothing in the cache", "orders 1", "users 1")
	if n := p.Count(attempts); n != 3 {
		t.Errorf("the waterfall has %d requests to services, want 3", n)
	}
	p.Wait(".result-window", "Ноутбук")
	p.Accessible(axe, theirs...)
	p.Shoot(images + "playground.png")

	p.Click(".graphiql-query-editor .view-lines")
	p.Press(browsertest.Enter, true)
	p.Wait(totals, "no calls")
}

func TestWhatIsBrokenInThePlaygroundLeadsToAPartialResult(t *testing.T) {
	s := start(t)
	p := browsertest.New(t, 1440, 900)
	p.Dark(true)
	p.Open(s.Gateway + "/playground")
	p.Until(shows("Profile"))
	p.Click(`button[aria-label="Show Break it and watch"]`)
	p.Click(".fault .ways label:nth-child(3)") // the first service, orders, fails
	p.Wait(".fault.broken", "orders")
	p.ClickText("button", "BreakIt")
	p.Until(shows("BreakIt"))
	p.Click(runButton)
	p.Wait(".run header", "294 partial")
	p.Wait(totals, "2", "retries")
	p.Wait(".result-window", "UPSTREAM_UNAVAILABLE")
	if n := p.Count(attempts + ".bad"); n != 3 {
		t.Errorf("%d failed requests in the waterfall, want 3", n)
	}
	p.Accessible(axe, theirs...)
	p.Shoot(images + "break-it.png")
	p.ClickText("button", "Heal everything")
	p.Until(`!document.querySelector(".fault.broken")`)
	p.ClickText("button", "Run past the cache")
	p.Wait(".run header", "200 complete")
}

func TestThePlaygroundShowsPartsAsTheyArriveAndThenTheWhole(t *testing.T) {
	s := start(t, "--upstream-timeout=20s", "--request-timeout=30s")
	p := browsertest.New(t, 1440, 900)
	slowOrders(t, s, `"latency":"4s"`) // in which the browser shows the rest, and is read
	p.Open(s.Gateway + "/playground")
	p.Until(shows("Profile"))
	p.ClickText("button", "Deferred")
	p.Until(shows("Deferred"))
	p.Click(runButton)
	p.Wait(".result-window", "fullName")
	if early := browsertest.Eval[string](p, `document.querySelector(".result-window").innerText`); strings.Contains(early, "totalAmount") {
		t.Errorf("the deferred orders came with the rest: %s", early)
	}
	p.Wait(".result-window", "fullName", "totalAmount")
	p.Wait(".run header", "200 complete in 2 parts")
	p.Wait(totals, "2 calls", "orders 1, users 1")
	p.Wait(".run .cost", "orders 1", "users 1")
	if n := p.Count(attempts); n != 2 {
		t.Errorf("the waterfall has %d requests to services, want 2", n)
	}
	p.Accessible(axe, theirs...)
	p.Shoot(images + "deferred.png")

	slowOrders(t, s, `"error_rate":1`)
	call(t, http.MethodDelete, s.Gateway+"/dev/cache", "")
	p.Click(runButton)
	p.Wait(".run header", "200 partial in 2 parts")
	p.Wait(".result-window", "UPSTREAM_UNAVAILABLE")
}

func TestThePlaygroundIsOfUseOnAPhone(t *testing.T) {
	s := start(t)
	p := browsertest.New(t, 390, 844)
	p.Open(s.Gateway + "/playground")
	p.Until(shows("Profile"))
	p.Click(runButton)
	p.Wait(totals, "3 calls")
	if width := browsertest.Eval[float64](p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %.0f px wide", width)
	}
}

func TestTheStatusPageMoves(t *testing.T) {
	s := start(t)
	p := browsertest.New(t, 1200, 1060)
	p.Open(s.Gateway + "/")
	p.Wait("#overall", "healthy")
	p.Wait("#service-cards", "orders", "products", "users", "closed")
	for _, id := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10"} {
		call(t, http.MethodGet, s.Gateway+"/api/profile/"+id, "")
	}
	p.Until(`/[1-9]/.test(document.querySelector("#gateway-cards .figure").innerText)`)
	p.Until(`document.querySelectorAll("#service-cards polyline").length >= 3`)
	p.Accessible(axe)
	p.Shoot(images + "status.png")
}

func TestTheRESTDocumentationIsThere(t *testing.T) {
	s := start(t)
	p := browsertest.New(t, 1200, 900)
	p.Open(s.Gateway + "/docs")
	p.Wait(".swagger-ui", "/api/profile/{id}", "A user with orders and products")
	p.Accessible(axe, theirsInDocs...)
	p.Shoot(images + "docs.png")
}

func TestTheExampleShowsWhatIsCompletePartialAndStale(t *testing.T) {
	s := start(t, "--cache-ttl=1s", "--no-cache-refresh-ahead")
	p := browsertest.New(t, 900, 820)
	p.Open(s.Gateway + "/example")
	p.Wait("main", "order123", "Ноутбук")
	if n := p.Count(".stale, .unavailable"); n != 0 {
		t.Errorf("%d parts are marked, though all is well", n)
	}
	p.Accessible(axe)
	p.Shoot(images + "example.png")

	call(t, http.MethodPut, s.Orders+"/_faults", `[{"route":"*","error_rate":1}]`)
	p.Until(`[...document.querySelectorAll("button")].find((b) => b.innerText === "Refresh")?.click() || document.querySelector(".stale")`)
	p.Wait("main", "order123", "as of")
	p.Accessible(axe)
	p.Shoot(images + "example-stale.png")

	p.ClickText("a", "u42") // nobody has asked for yet
	p.Wait("main", "Orders are unavailable right now")
	p.Wait(".user h1")
	p.Accessible(axe)
	p.Shoot(images + "example-partial.png")
}
