package pages

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"minifb/shared/testkit/areatest"
)

// serveDocs starts a site for the page on which to try calls.
func serveDocs(t *testing.T) *site {
	t.Helper()
	return serveAreas(t, "account", "auth", "backoffice", "docs", "post")
}

// openDocs opens the page and waits until the library shows the calls.
func (p *tab) openDocs(base string) {
	p.t.Helper()
	p.do(chromedp.Navigate(base + "/docs"))
	p.wait(`document.querySelectorAll("#calls .opblock").length > 40`)
}

// call is the element of a call on the page, such as that of POST /post.
func call(route string) string {
	method, path, _ := strings.Cut(route, " ")
	return fmt.Sprintf(`[...document.querySelectorAll("#calls .opblock-%s")].find((block) =>
		block.querySelector("[data-path]").dataset.path === %q)`, strings.ToLower(method), path)
}

// enterDocs opens the page and signs in with its form.
func (p *tab) enterDocs(base, id, password string) {
	p.t.Helper()
	p.openDocs(base)
	p.signIn(id, password)
	p.waitText("#state", "Signed in")
}

const live = `.querySelector(".live-responses-table tr.response > .response`

// try sends a call from the page, with a body if there is one, and returns the status and the text of
// its response.
func (p *tab) try(route, body string) (status, text string) {
	p.t.Helper()
	p.send(route, body)
	return p.response(route)
}

// send sends a call from the page, with a body if there is one.
func (p *tab) send(route, body string) {
	p.t.Helper()
	block := call(route)
	eval[int](p, `(`+block+`.scrollIntoView(), 0)`)
	if !eval[bool](p, block+`.classList.contains("is-open")`) {
		eval[int](p, block+`.querySelector(".opblock-summary-control").click() ?? 0`)
	}
	p.wait(block + `.querySelector("button.execute")`)
	if body != "" {
		// React takes the value of a field from the event of a user's input.
		eval[int](p, fmt.Sprintf(`((field) => {
			Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, %q);
			field.dispatchEvent(new Event("input", {bubbles: true}));
			return 0;
		})(%s.querySelector("textarea.body-param__text"))`, body, block))
	}
	eval[int](p, block+`.querySelector(".btn-clear")?.click() ?? 0`)
	p.wait(`!` + block + live + `")`)
	eval[int](p, block+`.querySelector("button.execute").click() ?? 0`)
}

// response waits for the response to a call that was sent, and returns its status and its text.
func (p *tab) response(route string) (status, text string) {
	p.t.Helper()
	block := call(route)
	p.wait(block + live + `-col_status")?.innerText.trim() > ""`)
	return strings.Fields(eval[string](p, block+live+`-col_status").innerText`))[0],
		eval[string](p, block+live+`-col_description").innerText`)
}

// A reader signs up, signs in, posts, and reads the feed, on a phone and on a desktop, in both colour
// schemes.
func TestTryCalls(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	for i, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			p := open(t, l)
			p.openDocs(s.URL)
			id := fmt.Sprintf("reader.%d", i)
			account := fmt.Sprintf(`{"id":%q,"password":%q,"name":"Reader"}`, id, plain)
			if status, text := p.try("POST /signup", account); status != "201" || !strings.Contains(text, id) {
				t.Fatalf("POST /signup: %s %s", status, text)
			}
			if status, _ := p.try("POST /post", `{"content":"no token"}`); status != "401" {
				t.Errorf("POST /post without a token: %s", status)
			}
			if status, text := p.try("POST /auth", fmt.Sprintf(`{"id":%q,"password":%q}`, id, plain)); status != "200" {
				t.Fatalf("POST /auth: %s %s", status, text)
			}
			p.waitText("#state", "Signed in")
			content := "안녕 from " + id
			if status, text := p.try("POST /post", fmt.Sprintf(`{"content":%q}`, content)); status != "201" {
				t.Errorf("POST /post: %s %s", status, text)
			}
			if status, text := p.try("GET /post", ""); status != "200" || !strings.Contains(text, content) {
				t.Errorf("GET /post: %s %s", status, text)
			}
			p.screenshot(fmt.Sprintf("docs-used-%v", l))
			p.do(chromedp.Click("#sign-out"))
			p.waitText("#sign-in", "Password")
			if status, _ := p.try("POST /post", `{"content":"signed out"}`); status != "401" {
				t.Errorf("POST /post after signing out: %s", status)
			}
		})
	}
}

// The form at the top of the page signs in, too, and says why it cannot.
func TestSignInToTryCalls(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	s.user("ann.1", "Ann")
	p := open(t, phone)
	p.openDocs(s.URL)
	p.signIn("ann.1", "wrong horse")
	p.waitText("#refusal", "password")
	p.wait(`document.activeElement.id === "password" && document.activeElement.value === ""`)
	p.signIn("ann.1", plain)
	p.waitText("#state", "Signed in")
	if status, text := p.try("GET /user", ""); status != "200" || !strings.Contains(text, "ann.1") {
		t.Errorf("GET /user: %s %s", status, text)
	}
	// A call without a token stays without one: the library no longer has it, but the page does.
	p.do(chromedp.Click("#calls .auth-wrapper .authorize"))
	const buttons = "#calls .auth-btn-wrapper "
	p.do(chromedp.Click(buttons+"button:first-child"), chromedp.Click(buttons+".btn-done"))
	if status, text := p.try("GET /user", ""); status != "401" {
		t.Errorf("GET /user without a token: %s %s", status, text)
	}
	if n := p.requests("GET " + s.URL + "/user"); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	p.do(chromedp.Click("#sign-out"))
	p.signIn("ann.1", plain)
	p.waitText("#state", "Signed in")
	ann := token(t, s, "ann.1")
	if n := sessions(t, s, ann); n != 2 {
		t.Errorf("ann.1 has %d sessions, want that of the page and that of this test", n)
	}

	// An access token that is about to expire is replaced before the next call.
	p.advance(time.Hour)
	if status, text := p.try("GET /user", ""); status != "200" {
		t.Errorf("GET /user with an old token: %s %s", status, text)
	}
	if n := p.requests("/refresh"); n != 1 {
		t.Errorf("%d requests to refresh the token, want 1", n)
	}

	// A session that has ended elsewhere ends here, too.
	areatest.Do(t, s.URL, areatest.Step{As: ann, Do: "DELETE /session"})
	p.advance(time.Hour)
	if status, _ := p.try("GET /user", ""); status != "401" {
		t.Errorf("GET /user of a session that has ended: %s", status)
	}
	p.waitText("#refusal", "sign in again")
	p.waitText("#sign-in", "Password")
	if n := eval[int](p, "sessionStorage.length + localStorage.length + document.cookie.length"); n != 0 {
		t.Errorf("the page has stored something: %d", n)
	}
}

func TestFrontPage(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	library, err := packages()
	must(t, err)
	for _, l := range looks {
		p := open(t, l)
		p.do(chromedp.Navigate(s.URL))
		p.waitText("#health", "It runs, and its database responds.")
		eval[int](p, library.axe+"; 0")
		p.checkAccessibility(l, "front")
		for _, path := range eval[[]string](p, `[...document.links].map((a) => a.pathname + a.search)`) {
			if r := areatest.Do(t, s.URL, areatest.Step{Do: "GET " + path}); r.Status != 200 {
				t.Errorf("the link to %s leads to status %d", path, r.Status)
			}
		}
	}

	s.stop("post")
	p := open(t, desktop)
	p.do(chromedp.Navigate(s.URL))
	p.waitText("#health.bad", "It runs, but not as it should: The function post cannot be reached")
}

// What axe finds in the library itself, and the page cannot correct: a call's buttons are within a
// button, its introduction is in no landmark, and a long response scrolls in a box that the tab key
// does not reach.
var ofLibrary = []string{"nested-interactive", "heading-order", "region", "scrollable-region-focusable"}

// The page is accessible but for that, also where a call is open, and nothing is wider than the window.
func TestDocsAccessibility(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	library, err := packages()
	must(t, err)
	for _, l := range looks[:2] { // both widths and both schemes
		p := open(t, l)
		p.openDocs(s.URL)
		eval[int](p, library.axe+"; 0")
		p.checkAccessibility(l, "docs", ofLibrary...)
		if status, text := p.try("GET /post", ""); status != "200" {
			t.Errorf("GET /post: %s %s", status, text)
		}
		p.checkAccessibility(l, "docs-call", ofLibrary...)
	}
}
