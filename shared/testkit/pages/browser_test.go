package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const patience = time.Minute // how long a condition may take to come true, on a busy machine

const pause = 30 * time.Millisecond // between two looks at a condition

var closeBrowser = func() {}

// startBrowser starts Chromium, once for all tests.
var startBrowser = sync.OnceValues(func() (context.Context, error) {
	path, err := chromium()
	if err != nil {
		return nil, err
	}
	// Chromium's sandbox is refused to root, and in most containers to everybody. The page is our own.
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeAll := chromedp.NewContext(allocator)
	closeBrowser = func() {
		closeAll()
		stop()
	}
	return ctx, chromedp.Do(ctx)
})

func chromium() (path string, err error) {
	for _, name := range []string{"chromium-headless-shell", "chromium"} {
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("Chromium is not installed; scripts/install chromium installs it: %w", err)
}

// A tab shows pages, in a profile of its own.
type tab struct {
	t       *testing.T
	ctx     context.Context
	mu      sync.Mutex
	asked   []string // the method and the URL of each request
	refused []string // what the page must not do: uncaught exceptions, and violations of its policy
	api     string   // the URL of an API of another origin that the page calls; most call none
	blocked int      // how many calls of that API the browser says that it refused
}

// A look is how a tab shows pages.
type look struct {
	width  int64  // in pixels
	scheme string // of colours: light or dark
}

func (l look) String() string { return fmt.Sprintf("%d-%s", l.width, l.scheme) }

var (
	desktop = look{1440, "light"}
	phone   = look{390, "dark"}

	looks = []look{{390, "light"}, {1440, "dark"}, phone, desktop}
)

// open opens a tab. The test fails if its pages throw an exception, violate their policy, or send a
// request to another origin.
func open(t *testing.T, l look) *tab {
	t.Helper()
	parent, err := startBrowser()
	must(t, err)
	ctx, closeTab := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	p := &tab{t: t, ctx: ctx}
	must(t, chromedp.Listen(ctx, p.observe))
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(t, err)
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	must(t, err)
	p.do(chromedp.EmulateViewport(l.width, 900))
	p.scheme(l.scheme)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, r := range p.refused {
			t.Error(r)
		}
	})
	return p
}

func (p *tab) observe(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, e.Request.Method+" "+e.Request.URL)
		asked, err := url.Parse(e.Request.URL)
		document, _ := url.Parse(e.DocumentURL)
		if err != nil || asked.Host != document.Host && asked.Scheme != "data" &&
			asked.Scheme+"://"+asked.Host != p.api {
			p.refused = append(p.refused, "a request to another origin: "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.refused = append(p.refused, "an exception: "+e.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if p.api != "" && strings.Contains(e.Entry.Text, "blocked by CORS policy") {
			p.blocked++
			return
		}
		if e.Entry.Source != "network" { // a status of 400 and above is an entry, too
			p.refused = append(p.refused, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
		}
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v; the page is %s", err, p.text("body"))
	}
}

// scheme sets the colour scheme that the user prefers.
func (p *tab) scheme(name string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	must(p.t, err)
}

// eval returns the value of an expression in JavaScript, which may be a promise.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// wait waits until an expression is true.
func (p *tab) wait(expression string) {
	p.t.Helper()
	for end := time.Now().Add(patience); !eval[bool](p, "Boolean("+expression+")"); time.Sleep(pause) {
		if time.Now().After(end) {
			p.t.Fatalf("%s is not true; the page is %s", expression, p.text("body"))
		}
	}
}

// text returns the visible text of an element.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// waitText waits until an element is visible and has this text in it.
func (p *tab) waitText(selector, part string) {
	p.t.Helper()
	quoted, err := json.Marshal(part)
	must(p.t, err)
	p.wait(fmt.Sprintf("((e) => e?.checkVisibility() && e.innerText.includes(%s))(document.querySelector(%q))",
		quoted, selector))
}

// keys presses keys one after the other, wherever the focus is.
func (p *tab) keys(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(text))
}

// tabTo presses the tab key until the element has the focus.
func (p *tab) tabTo(selector string) {
	p.t.Helper()
	for range 60 {
		if eval[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		p.keys("\t")
	}
	p.t.Fatalf("the tab key does not lead to %s", selector)
}

// requests returns how many requests were sent so far whose method and URL contain a text.
func (p *tab) requests(part string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.asked {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// visit opens the dashboard of a site.
func (p *tab) visit(base string) {
	p.t.Helper()
	p.do(chromedp.Navigate(base + "/backoffice"))
}

// signIn sends the form of the sign-in.
func (p *tab) signIn(id, password string) {
	p.t.Helper()
	p.waitText("#sign-in", "Password")
	p.do(chromedp.SetValue("#id", id), chromedp.SetValue("#password", password), chromedp.Click("#sign-in button"))
}

// enter opens the page and signs in as the administrator.
func (p *tab) enter(base string) {
	p.t.Helper()
	p.visit(base)
	p.signIn(administrator, plain)
	p.waitText("#updated", "Updated")
}
