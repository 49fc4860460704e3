package browser_test

import (
	"net/http"
	"strconv"
	"testing"

	"tributary/internal/testkit/browsertest"
	"tributary/test/harness"
)

// faulty gives every route of a service a fault; "" takes all faults away.
func faulty(t *testing.T, service, fault string) {
	t.Helper()
	rules := "[]"
	if fault != "" {
		rules = `[{"route":"*",` + fault + `}]`
	}
	call(t, http.MethodPut, service+"/_faults", rules)
}

const status500 = `"status":500,"error_rate":1`

// startUnprotected starts dev with a gateway that makes one attempt per call and whose circuits
// stay closed, so that the page gets the response of the service.
func startUnprotected(t *testing.T) *harness.Dev {
	t.Helper()
	return start(t, "--no-cache-refresh-ahead", "--upstream-retries=0", "--upstream-breaker-rate=0")
}

// Once the outcome of an order is unknown, only the order service settles it: an attempt that
// is refused before it has looked at the key says nothing of those before it.
func TestExample_UnknownOrder(t *testing.T) {
	t.Parallel()
	s := startUnprotected(t)
	p := browsertest.New(t, 390, 844)
	p.Open(s.Gateway + "/example")
	p.Wait("main", "order456")
	orders := p.Count(".order")

	faulty(t, s.Orders, status500)
	p.Click(".heading button")
	p.Wait("form select", "Ноутбук")
	p.ClickText("button", "Place order")
	p.Wait("form", "We don’t know yet", "Asking again")
	for _, c := range []struct{ service, fault, says string }{
		{s.Orders, `"status":401,"error_rate":1`, "Asked again, we hear: The orders service rejected"},
		{s.Products, `"status":403,"error_rate":1`, "Asked again, we hear: The products service"},
		{s.Orders, `"status":429,"error_rate":1`, "Asked again, we hear: The orders service is unavailable"},
	} {
		faulty(t, s.Orders, "")
		faulty(t, s.Products, "")
		faulty(t, c.service, c.fault)
		p.Wait("form", "We don’t know yet", c.says)
		if n := p.Count("form fieldset:disabled"); n != 1 {
			t.Fatalf("after %s another order can be placed", c.fault)
		}
	}
	p.Wait("form", "Ask again")
	faulty(t, s.Orders, "")
	p.ClickText("button", "Ask again")
	p.Until(`!document.querySelector("form")`)
	p.Until(`document.querySelectorAll(".order").length === ` + strconv.Itoa(orders+1))
}

// A form whose write has an unknown outcome stays on the page, even if a refresh lacks its data.
func TestExample_UnknownSurvivesRefresh(t *testing.T) {
	t.Parallel()
	s := startUnprotected(t)
	p := browsertest.New(t, 390, 844)
	p.Open(s.Gateway + "/example")
	p.Wait("main", "order456", "processing")

	faulty(t, s.Users, status500)
	faulty(t, s.Orders, status500)
	p.Click(".email button")
	p.Fill("[name=email]", "ivan@example.com")
	p.ClickText("button", "Save")
	p.Wait(".user", "We don’t know yet whether the change went through")
	p.Click(".order:nth-of-type(2) .total button")
	p.Wait(".order:nth-of-type(2)", "We don’t know yet whether the cancellation went through")
	p.Accessible(axe)
	p.Click("header button")
	p.Wait("main", "Orders are unavailable right now")
	p.Wait(".user", "We don’t know yet whether the change went through")
	p.Wait(".order:nth-of-type(2)", "We don’t know yet whether the cancellation went through")

	faulty(t, s.Users, "")
	faulty(t, s.Orders, "")
	p.Until(`document.querySelectorAll("[role=alert] button").forEach((b) => b.click()) || !document.querySelector("[role=alert]")`)
	p.Wait(".email", "ivan@example.com", "Change")
	p.Wait(".order:nth-of-type(2)", "cancelled")
}
