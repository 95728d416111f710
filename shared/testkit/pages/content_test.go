package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/programs"
)

// What the page shows is what the routes return, after requests that this test has sent.
func TestTotalsChartsAndTables(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.user("ann.1", "Ann")
	for range 5 {
		areatest.Do(t, s.URL, areatest.Step{Do: "GET /user"}) // without a token: 401
	}
	p := open(t, desktop)
	p.enter(s.URL)

	for _, tile := range []string{
		"Requests per second", "Requests\n", "Errors (5xx)\n0\n", "Users\n2\n", "Posts\n0\n", "Posts today\n0\n",
		"Asia/Seoul", "Waiting\n0\n",
	} {
		p.waitText("#totals", tile)
	}
	row := func(section, name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("%s tbody tr")].find(
			(row) => row.cells[0].innerText.trim() === %q)`, section, name)
	}
	for name, least := range map[string]int{"#endpoints GET /user": 5, "#statuses 401 Unauthorized": 5} {
		section, name, _ := strings.Cut(name, " ")
		programs.Until(t, name+" is counted", func() bool {
			p.do(chromedp.Click("#refresh"))
			count := row(section, name) + `?.cells[1].innerText.replaceAll(",", "") ?? "0"`
			return eval[int](p, "Number("+count+")") >= least
		})
	}
	for _, table := range []string{"#endpoints", "#statuses"} {
		named := fmt.Sprintf("document.querySelectorAll(%q).length", table+" caption, "+table+" th[scope=col]")
		if n := eval[int](p, named); n != 4 {
			t.Errorf("%s has %d captions and heads of columns, want 1 and 3", table, n)
		}
	}

	drawn := `[...document.querySelectorAll("#charts canvas")].filter((c) =>
		c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)).length`
	if n := eval[int](p, drawn); n != 3 {
		t.Errorf("%d charts are drawn, want 3", n)
	}
	p.do(chromedp.Click("#charts summary"))
	const rows = `document.querySelectorAll("#charts details tbody tr").length`
	p.wait(rows + " > 5")
	points := eval[int](p, rows)
	p.do(chromedp.Click("#range label:last-of-type span"))
	p.wait(fmt.Sprintf("%s !== %d", rows, points))
	if p.requests("/stat/series?minutes=60") == 0 || p.requests("/stat/series?minutes=1440") == 0 {
		t.Error("the charts were not loaded for both periods")
	}
}

// Names and IDs hold what the rules of their fields allow, and nothing of it becomes markup, leaves
// its place or widens the page.
func TestHostileNamesStayText(t *testing.T) {
	t.Parallel()
	s := serve(t)
	names := []string{"<b id=evil>x</b>", "\u202eevil\u2066", strings.Repeat("W", 16), "&lt;script", "'\"`${1}"}
	for i, name := range names {
		s.waiting(fmt.Sprintf("user.%d", i)+strings.Repeat("W", 44), name)
	}
	for _, l := range []look{desktop, phone} {
		p := open(t, l)
		p.enter(s.URL)
		shown := eval[[]string](p, `[...document.querySelectorAll("#waiting bdi")].map((e) => e.textContent)`)
		for i, name := range names {
			if got := shown[len(names)-1-i]; got != name {
				t.Errorf("the name %q is shown as %q", name, got)
			}
		}
		if eval[bool](p, `Boolean(document.querySelector("#evil"))`) {
			t.Error("a name has become an element")
		}
		p.checkWidth(l)
		p.do(chromedp.Click("#waiting tbody tr:last-child button"))
		p.waitText("#issue", names[0])
		p.checkWidth(l)
	}
}

// checkWidth checks that nothing is beyond the right edge of the window.
func (p *tab) checkWidth(l look) {
	p.t.Helper()
	if beyond := eval[int](p, "document.documentElement.scrollWidth - innerWidth"); beyond > 0 {
		p.t.Errorf("%v: the page is %d pixels wider than the window", l, beyond)
	}
	right := eval[float64](p, `Math.max(0, ...[...document.querySelectorAll("table, dialog")].map((e) =>
		e.getBoundingClientRect().right))`)
	if right > float64(l.width) {
		p.t.Errorf("%v: a table or a dialog ends at %g pixels", l, right)
	}
}
