package browsertest

import (
	"os"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Accessible fails the test for every serious or critical violation that axe-core finds in the
// page, outside of the elements that the selectors except. Axe is read from web/node_modules,
// where npm ci installs it; without it the check is skipped and logged.
func (p *Page) Accessible(axe string, except ...string) {
	p.t.Helper()
	script, err := os.ReadFile(axe) //nolint:gosec // the test says where it is
	if err != nil {
		p.t.Logf("SKIPPED: accessibility: there is no %s: run npm ci in web", axe)
		return
	}
	p.do("load axe", chromedp.Evaluate(string(script)+"; true", nil))
	excluded := make([]string, len(except))
	for i, selector := range except {
		excluded[i] = "[" + quote(selector) + "]"
	}
	var found []string
	p.do("run axe", chromedp.Evaluate(`axe.run({ include: [["body"]], exclude: [`+strings.Join(excluded, ",")+`] },
		{ resultTypes: ["violations"] }).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
			.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 5).map((n) => n.target.join(" ") + " " +
				n.any.concat(n.all).map((c) => c.message).join("; ")).join("\n    ")))`, &found,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	for _, violation := range found {
		p.t.Errorf("not accessible: %s", violation)
	}
}
