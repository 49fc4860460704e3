// Package browser_test tries the pages in a browser.
package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
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
	return builder.Dev(t, nil, append([]string{"--auth-dev-key=" + filepath.Join(t.TempDir(), "key.json")}, args...)...)
}

// call sends a request that must succeed, and returns the body of the response.
func call(t *testing.T, method, to, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s: %s, %v", to, resp.Status, err)
	}
	return string(text)
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

// coloured is true when the editors of the playground have highlighted what is in them.
const coloured = `[".graphiql-query-editor", ".result-window"].every((part) => new Set([...document.querySelectorAll(part + " .view-line span span")].map((e) => e.className)).size > 3)`

// theirs has the elements of libraries that are exempt from the accessibility check: Monaco,
// whose mode for screen readers axe does not detect, and GraphiQL's tabs, in which the button
// that closes a tab is part of the tab.
var theirs = []string{".monaco-editor", ".graphiql-tab"}

func TestPlayground_Waterfall(t *testing.T) {
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
	p.Until(coloured)
	p.Screenshot(images + "playground-light.webp")
	p.Dark(true)
	p.Screenshot(images + "playground-dark.webp")
	p.Dark(false)

	p.Click(".graphiql-query-editor .view-lines")
	p.Press(browsertest.Enter, true)
	p.Wait(totals, "no calls")
}

func TestPlayground_FaultPanel(t *testing.T) {
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
	p.Wait(".run-top", "294 partial")
	p.Wait(totals, "2", "retries")
	p.Wait(".result-window", "UPSTREAM_UNAVAILABLE")
	if n := p.Count(attempts + ".bad"); n != 3 {
		t.Errorf("%d failed requests in the waterfall, want 3", n)
	}
	p.Accessible(axe, theirs...)
	p.Until(`document.querySelectorAll(".wf-row.attempt.bad")[2].getBoundingClientRect().bottom < innerHeight`)
	p.Until(coloured)
	p.Screenshot(images + "break-it-dark.webp")
	p.Dark(false)
	p.Screenshot(images + "break-it-light.webp")
	p.ClickText("button", "Heal everything")
	p.Until(`!document.querySelector(".fault.broken")`)
	p.ClickText("button", "Run past the cache")
	p.Wait(".run-top", "200 complete")
}

func TestPlayground_Deferred(t *testing.T) {
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
	p.Wait(".run-top", "200 complete in 2 parts")
	p.Wait(totals, "2 calls", "orders 1, users 1")
	p.Wait(".run .cost", "orders 1", "users 1")
	if n := p.Count(attempts); n != 2 {
		t.Errorf("the waterfall has %d requests to services, want 2", n)
	}
	p.Accessible(axe, theirs...)

	slowOrders(t, s, `"error_rate":1`)
	call(t, http.MethodDelete, s.Gateway+"/dev/cache", "")
	p.Click(runButton)
	p.Wait(".run-top", "200 partial in 2 parts")
	p.Wait(".result-window", "UPSTREAM_UNAVAILABLE")
}

func TestPlayground_FitsPhones(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, width := range []int64{320, 390} {
		p := browsertest.New(t, width, 844)
		p.Dark(width == 320)
		p.Open(s.Gateway + "/playground")
		p.Until(shows("Profile"))
		p.Click(runButton)
		p.Wait(totals, "call")
		p.Wait(".wf-note b", " ms")
		p.Fits()
		p.Accessible(axe, theirs...)
	}
}

func TestPlayground_Links(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := browsertest.New(t, 1440, 900)
	p.Open(s.Gateway + "/playground?" + url.Values{"query": {"query Linked($id: ID!) { user(id: $id) { orders { id } } }"},
		"variables": {`{"id":"u8"}`}}.Encode())
	p.Until(shows("Linked"))
	p.Click(`button[aria-label="Copy as curl"]`)
	p.ClickText("button", "Plan")
	p.Wait(".plan", "orders: 1 key", "users   1 call")
	if n := p.Count(totals); n != 0 {
		t.Error("the plan was made by running the operation")
	}
	p.Click(runButton)
	p.Wait(totals, "2 calls", "orders 1, users 1")
	p.Click(".views button:nth-child(2)")
	p.Wait(".run-headers", "cache-control", "x-request-id", "server-timing")
	p.Accessible(axe, theirs...)
	p.Press("?", false)
	p.Wait(`[role=dialog]`, "Short Keys")
}

func TestPlayground_Writes(t *testing.T) {
	t.Parallel()
	s := start(t)
	call(t, http.MethodPut, s.Gateway+"/dev/faults/orders", `[{"route":"*","lost":true}]`)
	p := browsertest.New(t, 1440, 900)
	p.Open(s.Gateway + "/playground")
	p.Until(shows("Profile"))
	p.ClickText("button", "PlaceOrder")
	p.Until(shows("PlaceOrder"))
	p.Click(`button[aria-label="Show Break it and watch"]`)
	p.Wait(".fault.broken", "orders")
	p.Until(`document.querySelector(".fault.broken input:checked + span")?.innerText === "Lost"`)
	p.Click(runButton)
	p.Wait(totals, "3 calls", "saves 1 call,") // of the user; the prices are not from the cache
	p.Wait(".result-window", "pending")
	p.Until(`[...document.querySelectorAll(".wf-row.attempt .wf-note")].some((e) => e.innerText.includes("write"))`)
	p.Accessible(axe, theirs...)
	if orders := call(t, http.MethodGet, s.Orders+"/orders/user/user456", ""); strings.Count(orders, `"user_id"`) != 2 {
		t.Errorf("besides order789, one order was to be placed: %s", orders)
	}
}

func TestPlayground_WithoutTheGateway(t *testing.T) {
	t.Parallel()
	way := &proxy{to: start(t, "--no-graphql-trace").Gateway}
	between := httptest.NewServer(way)
	t.Cleanup(between.Close)
	p := browsertest.New(t, 1440, 900)
	p.MayFail()
	p.Open(between.URL + "/playground")
	p.Until(shows("Profile"))
	p.Click(runButton)
	p.Wait(".run", "200 complete")
	p.ClickText("button", "Waterfall")
	p.Wait(".run", "BFF_GRAPHQL_TRACE")
	way.does.Store("gone")
	p.Click(runButton)
	p.Wait(".run", "no answer")
	p.Wait(".result-window", "connection") // Monaco has spaces of its own
	way.does.Store("html")
	p.Click(runButton)
	p.Wait(".run", "502")
	p.Wait(".result-window", "502", "text/html")
	way.does.Store("slow")
	p.Click(runButton)
	p.Wait(".run.old[aria-busy=true]")
	p.Accessible(axe, theirs...)
}

func TestStatus_Moves(t *testing.T) {
	s := start(t)
	p := browsertest.New(t, 1200, 1060)
	p.Open(s.Gateway + "/")
	p.Wait("#overall", "healthy")
	p.Wait("#service-cards", "orders", "products", "users", "circuit closed")
	first := browsertest.Eval[string](p, `document.querySelector(".card").dataset.test = "the first"`)
	for _, id := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10"} {
		call(t, http.MethodGet, s.Gateway+"/api/profile/"+id, "")
	}
	p.Until(`/[1-9]/.test(document.querySelector("#gateway-cards .figure").innerText)`)
	p.Until(`[...document.querySelectorAll("#service-cards .line")].filter((e) => e.getAttribute("d").includes("L")).length >= 3`)
	p.Accessible(axe)
	p.Screenshot(images + "status.webp")

	// What calls say is on the cards, and what is incomplete is counted.
	slowOrders(t, s, `"error_rate":1`)
	for _, id := range []string{"u21", "u22"} {
		call(t, http.MethodGet, s.Gateway+"/api/profile/"+id, "")
	}
	p.Until(`/failing: \d+ % of calls|unhealthy/.test(document.querySelector("#service-cards").innerText)`)
	p.Until(`/[1-9]\d* incomplete|0\.[1-9] incomplete/.test(document.querySelector("#gateway-cards").innerText)`)
	p.Do(`document.querySelector("#gateway-cards svg").dispatchEvent(new PointerEvent("pointermove", { clientX: document.querySelector("#gateway-cards svg").getBoundingClientRect().right - 1 }))`)
	p.Wait("#gateway-cards .scale", "incomplete")
	if now := browsertest.Eval[string](p, `document.querySelector(".card").dataset.test ?? ""`); now != first {
		t.Error("the cards were made anew")
	}
}

func TestStatus_WithoutTheGateway(t *testing.T) {
	t.Parallel()
	way := &proxy{to: start(t).Gateway}
	between := httptest.NewServer(way)
	t.Cleanup(between.Close)
	for _, width := range []int64{320, 390, 1440} {
		p := browsertest.New(t, width, 844)
		p.MayFail()
		p.Dark(width == 390)
		way.does.Store("")
		p.Open(between.URL)
		p.Wait("#service-cards", "orders")
		p.Fits()
		p.Accessible(axe)
		below := browsertest.Eval[bool](p, `document.querySelector("nav").getBoundingClientRect().top > document.querySelector("#cache-cards").getBoundingClientRect().top`)
		if phone := width < 600; below != phone {
			t.Errorf("at %d px the links are below the state: %v", width, below)
		}
		way.does.Store("html")
		p.Wait("body.gone #overall", "no answer")
		p.Accessible(axe)
	}
}

func TestDocs_ShowExamples(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, width := range []int64{320, 390, 1440} {
		p := browsertest.New(t, width, 900)
		p.Dark(width == 390)
		p.Open(s.Gateway + "/docs")
		p.Wait(".swagger-ui", "/api/profile/{id}", "A user with orders and products")
		p.Fits()
		if width == 1440 {
			p.Screenshot(images + "docs.webp")
		}
		p.Click(".opblock-summary-control")
		p.Wait(".responses-table", "Everything is there", "The order service does not answer", "there is no such user")
		p.Fits()
		if width > 320 { // which takes long: light, and dark
			p.Accessible(axe)
		}
	}
}
