// Package browsertest lets tests use pages in a real browser without a network.
// What goes wrong in a page fails its test: an error on the console, a script
// that throws, a request that would leave the machine.
package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is the time limit for a page to reach an expected state.
const patience = 30 * time.Second

// A Page is one tab. It is for one goroutine.
type Page struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp's handle on the tab

	width, height int64

	mu       sync.Mutex
	problems []string
	mayFail  bool
}

// New opens a tab of the given size in a new browser. The test is skipped if Chromium is not
// installed.
func New(t testing.TB, width, height int64) *Page {
	t.Helper()
	program := chromium()
	if program == "" {
		t.Skip("SKIPPED: there is no Chromium to show pages in: install chromium, or name one in CHROMIUM")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(int(width), int(height)))
	allocated, freeBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocated)
	p := &Page{t: t, ctx: ctx, width: width, height: height}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log("closing the browser: ", err)
		}
		closeTab()
		freeBrowser()
		p.fail()
	})
	chromedp.ListenTarget(ctx, p.listen)
	if err := chromedp.Run(ctx); err != nil { // the browser lives as long as the context that it is started with
		t.Fatal("starting the browser: ", err)
	}
	p.do("start", network.Enable(), log.Enable(), emulation.SetDeviceMetricsOverride(width, height, 1, width < 600))
	return p
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} { //nolint:forbidigo // of tests, which main does not see
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (p *Page) listen(event any) {
	p.mu.Lock()
	mayFail := p.mayFail
	p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil ||
			(u.Hostname() != "127.0.0.1" && !slices.Contains([]string{"data", "blob"}, u.Scheme)) {
			p.record("asks for %s", e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.record("throws %s", e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
			words := make([]string, 0, len(e.Args))
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			p.record("console: %s", strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && !mayFail {
			p.record("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

// MayFail lets requests of the page fail from now on, which the browser logs as errors.
func (p *Page) MayFail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mayFail = true
}

func (p *Page) record(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

func (p *Page) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, problem := range p.problems {
		p.t.Errorf("the page %s", problem)
	}
}

func (p *Page) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.visible())
	}
}
