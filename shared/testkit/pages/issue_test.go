package pages

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"minifb/shared/testkit/programs"
)

const noPassword = `document.querySelector("#issue-password").textContent === ""`

// checkPassword checks that the dialog shows the temporary password of an account, and returns it.
func (p *tab) checkPassword(s *site, id string) string {
	p.t.Helper()
	p.waitText("#issue-result", "It is valid for one sign-in until")
	shown := p.text("#issue-password")
	credential, err := s.store.CredentialByID(p.t.Context(), id)
	must(p.t, err)
	if !credential.IsTemporary(shown) {
		p.t.Errorf("%q is not the temporary password of %s", shown, id)
	}
	return shown
}

// clipboard replaces the browser's clipboard, which asks for a permission.
func (p *tab) clipboard(value string) {
	p.t.Helper()
	eval[bool](p, `Object.defineProperty(navigator, "clipboard", {value: `+value+`, configurable: true}) !== null`)
}

func TestIssueTemporaryPassword(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	s.waiting("eve.1", "Eve")
	p := open(t, phone)
	p.enter(s.URL)
	p.waitText("#totals", "Waiting\n2\n")

	p.do(chromedp.Click("#waiting tbody tr:last-child button"))
	p.waitText("#issue", "For ann.1, whose name is Ann")
	p.do(chromedp.Click("#issue-cancel"))
	p.wait(`!document.querySelector("#issue").open && document.activeElement.ariaLabel?.endsWith("ann.1")`)
	if n := p.requests("POST " + s.URL + "/backoffice"); n != 0 {
		t.Errorf("%d passwords were issued without a confirmation", n)
	}

	p.do(chromedp.Click("#waiting tbody tr:last-child button"), chromedp.Click("#issue-confirm"))
	shown := p.checkPassword(s, "ann.1")
	p.clipboard("{writeText: async (text) => { window.copied = text; }}")
	p.do(chromedp.Click("#issue-copy"))
	p.waitText("#issue-copied", "It is on the clipboard.")
	if got := eval[string](p, "copied"); got != shown {
		t.Errorf("%q is copied, want the password %q", got, shown)
	}
	p.clipboard("undefined") // without HTTPS
	p.do(chromedp.Click("#issue-copy"))
	p.waitText("#issue-copied", "It is selected; copy it with Ctrl+C.")
	if got := eval[string](p, "getSelection().toString()"); got != shown {
		t.Errorf("%q is selected, want the password %q", got, shown)
	}
	p.waitText("#totals", "Waiting\n1\n")
	p.do(chromedp.Click("#issue-close"))
	p.wait(noPassword + ` && document.activeElement.id === "waiting-title"`)

	// Escape closes the dialog as its button does.
	p.do(chromedp.Click("#waiting tbody button"), chromedp.Click("#issue-confirm"))
	p.checkPassword(s, "eve.1")
	p.keys(kb.Escape)
	p.wait(noPassword)
	p.waitText("#no-requests", "Nobody")
	if n := p.requests("POST " + s.URL + "/backoffice"); n != 2 {
		t.Errorf("%d requests were sent to issue two passwords", n)
	}
}

// A password that is still shown goes when the session ends, here because another page has revoked
// it.
func TestIssuedPasswordDisappearsWithTheSession(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	p := open(t, desktop)
	p.enter(s.URL)
	p.do(chromedp.Click("#waiting tbody button"), chromedp.Click("#issue-confirm"))
	p.checkPassword(s, "ann.1")
	user, err := s.store.UserByID(t.Context(), administrator)
	must(t, err)
	must(t, s.store.RevokeSessions(t.Context(), user.UID))
	// The dialog is in front of the button. Clicks in quick succession would make the browser queue their requests, and
	// the one that ends the session, too.
	programs.Until(t, "the page notices that its session was revoked", func() bool {
		return eval[bool](p, `(async () => {
			const ended = () => document.querySelector("#sign-in").checkVisibility();
			document.querySelector("#refresh").click();
			for (let looks = 0; looks < 50 && !ended(); looks++) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
			return ended();
		})()`)
	})
	if !eval[bool](p, noPassword+` && !document.querySelector("#issue").open`) {
		t.Error("the password is still on the page")
	}
	p.waitText("#refusal", "sign in")
}

// An account may have been deleted by the time that its password is issued.
func TestIssueToADeletedAccount(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	p := open(t, desktop)
	p.enter(s.URL)
	p.do(chromedp.Click("#waiting tbody button"))
	credential, err := s.store.CredentialByID(t.Context(), "ann.1")
	must(t, err)
	must(t, s.store.DeleteAccount(t.Context(), credential))
	p.do(chromedp.Click("#issue-confirm"))
	p.waitText("#issue-refusal", "user")
	p.wait(noPassword)
}

// On a slow machine the browser reports that the dialog was closed when it is open again.
func TestIssueAfterALateClose(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	p := open(t, desktop)
	p.enter(s.URL)
	p.do(chromedp.Click("#waiting tbody button"))
	p.waitText("#issue", "For ann.1")
	eval[bool](p, `document.querySelector("#issue").dispatchEvent(new Event("close"))`)
	p.do(chromedp.Click("#issue-confirm"))
	p.checkPassword(s, "ann.1")
}

// The response to one request may come when the dialog is open for another.
func TestRefusalIsShownInItsOwnDialog(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.waiting("ann.1", "Ann")
	s.waiting("eve.1", "Eve")
	p := open(t, desktop)
	p.enter(s.URL)
	eval[bool](p, `(() => {
		const real = fetch;
		globalThis.fetch = (url, options) => options.method !== "POST" ? real(url, options) :
			new Promise((_, reject) => { globalThis.fail = () => { globalThis.fetch = real; reject(new Error()); }; });
		return true;
	})()`)
	p.do(chromedp.Click("#waiting tbody tr:last-child button"), chromedp.Click("#issue-confirm"))
	p.wait(`typeof fail === "function"`)
	p.do(chromedp.Click("#issue-cancel"), chromedp.Click("#waiting tbody tr:first-child button"))
	p.waitText("#issue", "For eve.1")
	eval[bool](p, `fail() ?? true`)
	p.do(chromedp.Click("#issue-confirm")) // its own response comes after the failure was handled
	p.checkPassword(s, "eve.1")
	if text := p.text("#issue-refusal"); text != "" {
		t.Errorf("the dialog of eve.1 shows %q", text)
	}
}
