package browser_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"tributary/internal/testkit/browsertest"
)

func TestExample_States(t *testing.T) {
	s := start(t, "--cache-ttl=1s", "--no-cache-refresh-ahead")
	p := browsertest.New(t, 900, 820)
	p.Open(s.Gateway + "/example")
	p.Wait("main", "order123", "Ноутбук")
	if n := p.Count(".stale, .unavailable"); n != 0 {
		t.Errorf("%d parts are marked, though all is well", n)
	}
	p.Accessible(axe)

	call(t, http.MethodPut, s.Orders+"/_faults", `[{"route":"*","error_rate":1}]`)
	p.Until(`[...document.querySelectorAll("button")].find((b) => b.innerText === "Refresh")?.click() || document.querySelector(".stale")`)
	p.Wait("main", "order123", "as of")
	p.Accessible(axe)
	p.Screenshot(images + "example-stale.webp")

	p.ClickText("a", "u42") // not cached yet
	p.Wait("main", "Orders are unavailable right now")
	p.Wait(".user h1")
	p.Accessible(axe)
	p.Screenshot(images + "example-partial.webp")
}

// button is an expression for the first button whose text has this prefix.
func button(text string) string {
	return `[...document.querySelectorAll("button")].find((b) => b.innerText.startsWith("` + text + `"))`
}

func TestExample_FitsEveryWidth(t *testing.T) {
	t.Parallel()
	s := start(t)
	const long = "a-name-that-is-as-long-as-the-names-of-some-people-are@a-long-domain-that-has-no-place-to-break-it.example.com"
	call(t, http.MethodPatch, s.Users+"/users/user123", `{"email":"`+long+`"}`)
	for _, width := range []int64{320, 390, 1440} {
		p := browsertest.New(t, width, 800)
		for _, dark := range []bool{false, true} {
			p.Dark(dark)
			p.Open(s.Gateway + "/example")
			p.Wait("main", long, "Ноутбук", "$1,999.98", "$2,699.48", "May 1, 2024")
			p.Click(".heading button")
			p.Wait("form select", "Ноутбук")
			p.Fits()
			p.Accessible(axe)
		}
	}
}

func TestExample_Writes(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := browsertest.New(t, 390, 844)
	p.Open(s.Gateway + "/example")
	p.Wait("main", "order456", "processing")

	// A refused address has the service's reason at the field, and can be mended.
	p.Click(".email button")
	p.Fill("[name=email]", "nobody")
	p.ClickText("button", "Save")
	p.Wait("#email-error", "mail address")
	p.Until(`document.querySelector("[name=email]").getAttribute("aria-describedby") === "email-error"`)
	p.Accessible(axe)
	p.Fill("[name=email]", "ivan@example.com")
	p.ClickText("button", "Save")
	p.Wait(".email", "ivan@example.com", "Change")

	// The outcome of an order is unknown: the page shows that, and repeats the request with the
	// same key.
	orders := p.Count(".order")
	slowOrders(t, s, `"status":500,"error_rate":1`)
	p.Click(".heading button")
	p.Wait("form select", "Ноутбук")
	p.ClickText("button", "Place order")
	p.Wait("form", "We don’t know yet whether your order went through", "Asking again")
	p.Accessible(axe)
	slowOrders(t, s, `"lost":true`) // executes it, and says nothing
	p.Until(`!document.querySelector("form")`)
	call(t, http.MethodPut, s.Orders+"/_faults", "[]")
	p.Until(button("Refresh") + `?.click() || document.querySelectorAll(".order").length === ` + strconv.Itoa(orders+1))

	// An order that is still in the shop is cancelled.
	p.Click(".order:nth-of-type(2) .total button")
	p.Wait(".order:nth-of-type(2)", "cancelled")
	p.Until(`!document.querySelector(".order:nth-of-type(2) .total button")`)

	// A signed-in page shows its viewer.
	p.Wait("footer select", "anna_smirnova")
	p.Do(`{ const s = document.querySelector("footer select"); s.value = "user456"; s.dispatchEvent(new Event("change", { bubbles: true })) }`)
	p.Wait("footer a", "Анна Смирнова")
	p.Click("footer a")
	p.Wait("main", "order789")
}

func TestExample_WithoutTheGateway(t *testing.T) {
	t.Parallel()
	s := start(t)
	way := &proxy{to: s.Gateway}
	between := httptest.NewServer(way)
	t.Cleanup(between.Close) // after the browser was closed
	p := browsertest.New(t, 320, 640)
	p.MayFail()
	for _, c := range []struct{ does, says string }{
		{"html", "Something between this page and the gateway answered with 502"},
		{"gone", "There is no connection to the gateway"},
	} {
		p.Open(between.URL + "/example#user456")
		p.Wait("main", "Анна Смирнова")
		way.does.Store(c.does)
		p.ClickText("button", "Refresh")
		p.Wait("[role=alert]", c.says, "What you see is from")
		p.Wait("main", "Анна Смирнова")
		p.Fits()
		p.Accessible(axe)
		way.does.Store("")
		p.ClickText("button", "Try again")
		p.Until(`!document.querySelector("[role=alert]")`)
	}
	p.Open(between.URL + "/example#%E0%A4%A")
	p.Wait("main", "There is no user %E0%A4%A")
	way.does.Store("slow")
	p.Open(between.URL + "/example#u9")
	p.Until(`getComputedStyle(document.querySelector(".skeleton")).opacity === "1"`)
}
