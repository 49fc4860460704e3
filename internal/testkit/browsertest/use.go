package browsertest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open goes to a URL.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

// Dark emulates the media feature prefers-color-scheme.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	value := map[bool]string{true: "dark", false: "light"}[dark]
	p.do(value, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}))
}

// Click waits for what a CSS selector finds, and clicks it.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click "+selector, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// ClickText clicks the first element with the tag whose text has this prefix.
func (p *Page) ClickText(tag, text string) {
	p.t.Helper()
	p.do("click "+text, chromedp.Click(`//`+tag+`[starts-with(normalize-space(.), "`+text+`")]`, chromedp.BySearch, chromedp.NodeVisible))
}

// Fill replaces the text of a field that a selector finds.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.do("fill "+selector, chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Focus(selector, chromedp.ByQuery),
		chromedp.Evaluate("document.querySelector("+quote(selector)+").select()", nil), chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// Fits fails the test if the page is wider than its window.
func (p *Page) Fits() {
	p.t.Helper()
	if over := Eval[float64](p, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		p.t.Errorf("the page is %.0f px wider than its window", over)
	}
}

// Press presses a key, with Control if ctrl, where the keyboard is.
func (p *Page) Press(key string, ctrl bool) {
	p.t.Helper()
	var with []chromedp.KeyOption
	if ctrl {
		with = append(with, chromedp.KeyModifiers(2))
	}
	p.do("press "+key, chromedp.KeyEvent(key, with...))
}

// Enter is the key of that name, for [Page.Press].
const Enter = kb.Enter

// Wait waits until what a selector finds is visible and has all of texts in it.
func (p *Page) Wait(selector string, texts ...string) {
	p.t.Helper()
	wanted, err := json.Marshal(append([]string{}, texts...))
	if err != nil {
		p.t.Fatal(err)
	}
	p.Until("document.querySelector(" + quote(selector) + ") && " + string(wanted) +
		".every((text) => document.querySelector(" + quote(selector) + ").innerText.includes(text))")
}

// Until waits until an expression of JavaScript is true.
func (p *Page) Until(expression string) {
	p.t.Helper()
	p.do("wait until "+expression, chromedp.Poll("Boolean("+expression+")", nil,
		chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience)))
}

// Eval gives the value of an expression of JavaScript.
func Eval[T any](p *Page, expression string) (value T) {
	p.t.Helper()
	p.do("evaluate "+expression, chromedp.Evaluate(expression, &value))
	return value
}

// Do runs a script.
func (p *Page) Do(script string) {
	p.t.Helper()
	p.do("run "+script, chromedp.Evaluate(script, nil))
}

// Count is how many elements a selector finds.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Eval[int](p, "document.querySelectorAll("+quote(selector)+").length")
}

// Screenshot writes a picture of the window to a WebP file, in two pixels for each of the page, if
// UPDATE_SCREENSHOTS is set: what is shown differs from machine to machine.
func (p *Page) Screenshot(file string) {
	p.t.Helper()
	if os.Getenv("UPDATE_SCREENSHOTS") == "" { //nolint:forbidigo // of tests, which main does not see
		return
	}
	var picture []byte
	// editors highlight a while after they show
	p.do("shoot", emulation.SetDeviceMetricsOverride(p.width, p.height, 2, false), chromedp.Sleep(5*time.Second),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			picture, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(70).Do(ctx)
			return err
		}), emulation.SetDeviceMetricsOverride(p.width, p.height, 1, p.width < 600))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil { //nolint:gosec // a picture for the docs
		p.t.Fatal(err)
	}
}

// visible is what a page shows, for messages.
func (p *Page) visible() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	var text string
	if err := chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText.slice(0, 2000)", &text)); err != nil {
		return err.Error()
	}
	return "the page shows:\n" + strings.TrimSpace(text)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return string(b)
}
