package pages

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/programs"
)

// resume makes the page start with the tokens of a session, as after a reload.
func (p *tab) resume(s *site, session *areatest.Caller, until time.Time) {
	p.t.Helper()
	stash, err := json.Marshal(map[string]any{
		"access": session.Token, "refresh": session.Refresh, "until": until.UnixMilli(),
	})
	must(p.t, err)
	p.visit(s.URL)
	p.waitText("#sign-in", "Password")
	eval[int](p, fmt.Sprintf("sessionStorage.setItem('minifb.tokens', %q) ?? 0", stash))
	p.do(chromedp.Reload())
}

// advance sets the page's clock ahead.
func (p *tab) advance(by time.Duration) {
	p.t.Helper()
	const set = `((now) => { Date.now = () => now() + %d; return 0; })(Date.now)`
	eval[int](p, fmt.Sprintf(set, by.Milliseconds()))
}

// stop stops a function, whose socket refuses connections until the function that stop returns starts it.
func (s *site) stop(area string) (start func()) {
	s.t.Helper()
	function, socket := s.Function(area), s.socket(area)
	must(s.t, os.Rename(socket, socket+".away")) // a connection to it would wait for the function
	function.Stop(10 * time.Second)
	return func() {
		s.t.Helper()
		must(s.t, os.Rename(socket+".away", socket))
		must(s.t, function.Start())
	}
}

// An access token is replaced before it expires, and also if a function refuses it.
func TestAccessTokenIsRefreshed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, until := range map[string]time.Time{
		"it expires now": time.Now().Add(-time.Second), "it is refused": time.Now().Add(time.Hour),
	} {
		session := token(t, s, administrator)
		session.Token = "x.y.z"
		p := open(t, desktop)
		p.resume(s, session, until)
		p.waitText("#updated", "Updated")
		if n := p.requests("/refresh"); n != 1 {
			t.Errorf("%s: %d requests to refresh it, want one for all parts of the page", name, n)
		}
		if n := p.requests("/stat/service"); (n == 1) != until.Before(time.Now()) {
			t.Errorf("%s: %d requests for one part of the page", name, n)
		}
	}
}

// The tokens are stored while the page is hidden, for a reload. A duplicate of the visible tab must
// not get them: using a refresh token twice revokes the session.
func TestTokensAreStoredOnlyWhileThePageIsHidden(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := open(t, phone)
	p.enter(s.URL)
	stored := func() int {
		return eval[int](p, "sessionStorage.length + localStorage.length + document.cookie.length")
	}
	if stored() != 0 {
		t.Error("the tokens of a visible page are stored")
	}
	// Count the timers for the next time that the page loads.
	eval[int](p, `((set) => { window.timers = 0; window.setTimeout = (f, wait) => {
		window.timers += wait >= 10_000;
		return set(f, wait);
	}; return 0; })(setTimeout)`)
	const changed = `, document.dispatchEvent(new Event("visibilitychange"))`
	eval[bool](p, `Object.defineProperty(document, "hidden", {value: true, configurable: true})`+changed)
	if stored() != 1 {
		t.Error("the tokens of a hidden page are not stored")
	}
	const loaded = `performance.getEntriesByType("resource").filter((e) => /stat|temporary/.test(e.name)).length`
	parts := eval[int](p, loaded)
	p.do(chromedp.Click("#refresh"))
	p.wait(fmt.Sprintf("%s === %d", loaded, parts+4))
	if n := eval[int](p, "timers"); n != 0 {
		t.Errorf("%d timers are set while the page is hidden", n)
	}
	before := p.requests("/stat/server")
	eval[bool](p, `delete document.hidden`+changed)
	programs.Until(t, "a visible page loads", func() bool { return p.requests("/stat/server") > before })
	p.wait("timers === 1")
	if stored() != 0 {
		t.Error("the tokens are still stored after the page was hidden")
	}

	p.do(chromedp.Reload())
	p.waitText("#updated", "Updated")
	if stored() != 0 {
		t.Error("the tokens are still stored after a reload")
	}
	if n := p.requests("POST " + s.URL + "/auth"); n != 1 {
		t.Errorf("%d sign-ins, want no other after the reload", n)
	}
}

// Signing out of either page revokes the session, also after the access token has expired.
func TestSignOutAfterTheAccessTokenExpired(t *testing.T) {
	t.Parallel()
	s := serveDocs(t)
	for name, enter := range map[string]func(p *tab){
		"dashboard": func(p *tab) { p.enter(s.URL) },
		"docs":      func(p *tab) { p.enterDocs(s.URL, administrator, plain) },
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, desktop)
			enter(p)
			root := token(t, s, administrator)
			before := sessions(t, s, root)
			p.advance(time.Hour)
			p.do(chromedp.Click("#sign-out"))
			p.waitText("#sign-in", "Password")
			programs.Until(t, "the page's session is revoked", func() bool { return sessions(t, s, root) == before-1 })
			if n := p.requests("/refresh"); n != 1 {
				t.Errorf("%d requests for an access token to sign out with, want 1", n)
			}
		})
	}
}

// A session that was revoked elsewhere ends here, too.
func TestRevokedSession(t *testing.T) {
	t.Parallel()
	s := serve(t)
	session := token(t, s, administrator)
	areatest.Do(t, s.URL, areatest.Step{As: session, Do: "DELETE /session"})
	p := open(t, desktop)
	p.resume(s, session, time.Now())
	p.waitText("#refusal", "sign in again")
	if eval[bool](p, `document.querySelector("#dashboard").checkVisibility()`) {
		t.Error("the dashboard is shown without a session")
	}
}

// While a function is away, the page says so, keeps what it shows, and goes on by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := open(t, desktop)
	p.enter(s.URL)
	start := s.stop("backoffice")
	p.do(chromedp.Click("#refresh"))
	p.waitText("#problem",
		"The function backoffice cannot be reached just now; try again in a second. What you see may be old")
	p.waitText("#totals", "Users\n1\n")
	library, err := packages()
	must(t, err)
	eval[int](p, library.axe+"; 0")
	for _, l := range []look{desktop, {1440, "dark"}} {
		p.scheme(l.scheme)
		p.checkAccessibility(l, "problem")
	}
	start()
	p.wait(`!document.querySelector("#problem").checkVisibility()`) // after a pause of 10 s
}
