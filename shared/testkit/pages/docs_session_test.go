package pages

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Signing out while the access token is being replaced does not sign in again.
func TestSignOutDuringARenewal(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	s.user("ann.1", "Ann")
	p := open(t, desktop)
	p.enterDocs(s.URL, "ann.1", plain)
	ann := token(t, s, "ann.1")
	p.advance(time.Hour)
	eval[int](p, `((real) => {
		globalThis.fetch = (url, options) => globalThis.release || !/refresh$/.test(url) ? real(url, options) :
			new Promise((resolve) => { globalThis.release = () => resolve(real(url, options)) ?? 0; });
		return 0;
	})(fetch)`)
	p.send("GET /user", "")
	p.wait(`typeof release === "function"`)
	p.do(chromedp.Click("#sign-out"))
	p.waitText("#sign-in", "Password")
	eval[int](p, "release()")
	if status, text := p.response("GET /user"); status != "401" {
		t.Errorf("the call after signing out: %s %s", status, text)
	}
	if eval[bool](p, `document.querySelector("#signed-in").checkVisibility()`) || p.text("#refusal") != "" {
		t.Errorf("after signing out the page shows %q and %q", p.text("#state"), p.text("#refusal"))
	}
	if n := sessions(t, s, ann); n != 1 {
		t.Errorf("ann.1 has %d sessions, want that of this test", n)
	}
}

// A token is replaced shortly before its end. One that cannot be replaced just now does not end the session.
func TestOutageAtARenewal(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	s.user("ann.1", "Ann")
	p := open(t, desktop)
	p.enterDocs(s.URL, "ann.1", plain)
	p.advance(5*time.Minute - 20*time.Second)
	start := s.stop("auth")
	if status, text := p.try("GET /user", ""); status != "200" { // the function accepts the token still
		t.Errorf("GET /user while the token cannot be replaced: %s %s", status, text)
	}
	p.waitText("#refusal", "The function auth cannot be reached just now")
	p.waitText("#state", "Signed in")
	start()
	if status, text := p.try("GET /user", ""); status != "200" {
		t.Errorf("GET /user after the outage: %s %s", status, text)
	}
	p.waitText("#state", "Signed in")
	if text := p.text("#refusal"); text != "" {
		t.Errorf("after the outage the page shows %q", text)
	}
	if n := p.requests("/refresh"); n != 2 {
		t.Errorf("%d requests to refresh the token, want 2", n)
	}
}

// The page says what a session that a temporary password opened may do, until it has changed the password.
func TestChangeATemporaryPassword(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	s.user("ann.1", "Ann")
	user, err := s.store.UserByID(t.Context(), "ann.1")
	must(t, err)
	issued, _, err := s.store.IssueTemporaryPassword(t.Context(), user.UID)
	must(t, err)
	p := open(t, phone)
	p.enterDocs(s.URL, "ann.1", issued)
	p.waitText("#state", "only PATCH /user/password")
	change := fmt.Sprintf(`{"password":%q,"new_password":"another horse"}`, issued)
	if status, text := p.try("PATCH /user/password", change); status != "204" {
		t.Fatalf("PATCH /user/password: %s %s", status, text)
	}
	p.wait(`!document.querySelector("#state").innerText.includes("temporary")`)
	if status, text := p.try("GET /user", ""); status != "200" || !strings.Contains(text, "ann.1") {
		t.Errorf("GET /user: %s %s", status, text)
	}
}
