package pages

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/programs"
)

// checkAccessibility checks the page as it is with axe-core, without the rules in a list, and writes a
// screenshot.
func (p *tab) checkAccessibility(l look, state string, without ...string) {
	p.t.Helper()
	rules, err := json.Marshal(without)
	must(p.t, err)
	violations := eval[[]string](p, fmt.Sprintf(`axe.run({rules: Object.fromEntries((%s ?? []).map((id) =>
		[id, {enabled: false}]))}).then((r) => r.violations.map((v) =>
		v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")))`, rules))
	for _, v := range violations {
		p.t.Errorf("%s, %v: %s", state, l, v)
	}
	p.checkWidth(l)
	p.screenshot(fmt.Sprintf("%s-%v", state, l))
}

var screenshots = flag.Bool("screenshots", false, "write pictures of the pages into .build/screenshots")

// screenshot writes a picture of the whole page, if `go test ./shared/testkit/pages -screenshots` asks
// for it.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	if !*screenshots {
		return
	}
	folder := top + ".build/screenshots"
	must(p.t, os.MkdirAll(folder, 0o755))
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	must(p.t, err)
	must(p.t, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644))
}

// Each state of the page is accessible, in both colour schemes, and fits a phone and a desktop.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	library, err := packages()
	must(t, err)
	s := serve(t)
	for i := range 14 {
		s.waiting(fmt.Sprintf("ann.%d", i), "Ann")
	}
	for _, f := range s.Template.Functions {
		for _, route := range f.Routes { // for more endpoints than the page shows at first
			areatest.Do(t, s.URL, areatest.Step{Do: route.String()})
		}
	}
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			p := open(t, l)
			p.visit(s.URL)
			eval[int](p, library.axe+"; 0")
			p.waitText("#sign-in", "Password")
			p.checkAccessibility(l, "sign-in")
			p.signIn(administrator, "wrong horse")
			p.waitText("#refusal", "password")
			p.checkAccessibility(l, "refused")
			p.signIn(administrator, plain)
			p.waitText("#updated", "Updated")
			programs.Until(t, "all endpoints are counted", func() bool {
				p.do(chromedp.Click("#refresh"))
				return eval[bool](p, `document.querySelector("#all-endpoints").checkVisibility()`)
			})
			p.do(chromedp.Click("#all-endpoints"), chromedp.Click("#charts summary"))
			p.checkAccessibility(l, "dashboard")
			p.do(chromedp.Click("#waiting tbody button"))
			p.checkAccessibility(l, "question")
			p.do(chromedp.Click("#issue-confirm"))
			p.waitText("#issue-result", "It is valid")
			p.checkAccessibility(l, "password")
		})
	}
}

// Everything can be done without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	p := open(t, desktop)
	p.visit(s.URL)
	p.waitText("#sign-in", "Password")
	p.keys(administrator + kb.Tab + plain + kb.Enter) // the first field has the focus
	p.waitText("#updated", "Updated")

	p.tabTo("#range input")
	outline := `getComputedStyle(document.querySelector("#range :focus-visible + span")).outlineStyle`
	if got := eval[string](p, outline); got != "solid" {
		t.Errorf("the focus is shown by the outline %q", got)
	}
	p.keys(kb.ArrowRight)
	programs.Until(t, "the charts of a day are loaded", func() bool { return p.requests("minutes=1440") > 0 })

	p.tabTo("[role=slider]")
	value := `document.activeElement.ariaValueText`
	last := eval[string](p, value)
	p.keys(kb.ArrowLeft)
	p.wait(value + ` !== "` + last + `"`)
	p.wait(`new Set([...document.querySelectorAll(".readout time")].map((e) => e.textContent)).size === 1`)
	p.keys(kb.Home)
	p.wait(`document.activeElement.ariaValueNow === "0"`)
	p.keys(kb.End)
	p.wait(`((slider) => slider.ariaValueNow === slider.ariaValueMax)(document.activeElement)`)

	p.tabTo("#waiting tbody button")
	p.keys(kb.Enter)
	p.waitText("#issue", "For ann.1")
	p.tabTo("#issue-confirm")
	p.keys(kb.Enter)
	p.checkPassword(s, "ann.1")
	p.keys(kb.Escape)
	p.waitText("#no-requests", "Nobody")

	p.tabTo("#sign-out")
	p.keys(kb.Enter)
	p.waitText("#sign-in", "Password")
	p.wait(`document.activeElement.id === "id"`)
}
