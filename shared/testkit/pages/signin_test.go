package pages

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/programs"
)

func sessions(t *testing.T, s *site, caller *areatest.Caller) int {
	t.Helper()
	return len(areatest.Do(t, s.URL, areatest.Step{As: caller, Do: "GET /session"}).Items(t))
}

// token signs in past the page.
func token(t *testing.T, s *site, id string) *areatest.Caller {
	t.Helper()
	body := areatest.Do(t, s.URL, areatest.Step{
		Do: "POST /auth", Body: `{"id":"` + id + `","password":"` + plain + `"}`,
	}).Object(t)
	access, _ := body["access_token"].(string)
	refresh, _ := body["refresh_token"].(string)
	if access == "" || refresh == "" {
		t.Fatalf("POST /auth returned %v", body)
	}
	return &areatest.Caller{ID: id, Token: access, Refresh: refresh}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.user("ann.1", "Ann")
	ann := token(t, s, "ann.1")
	p := open(t, desktop)
	p.visit(s.URL)

	p.signIn(administrator, "wrong horse")
	p.waitText("#refusal", "password")
	p.wait(`document.activeElement.id === "password" && document.activeElement.value === ""`)

	p.signIn("ann.1", plain)
	p.waitText("#refusal", "This page is for administrators. You have not permission for 'GET /backoffice/")
	if eval[bool](p, `document.querySelector("#dashboard").checkVisibility()`) {
		t.Error("a user who is not an administrator sees the dashboard")
	}
	programs.Until(t, "the page's session of ann.1 is revoked", func() bool { return sessions(t, s, ann) == 1 })

	p.signIn(administrator, plain)
	p.waitText("#updated", "Updated")
	root := token(t, s, administrator)
	if n := sessions(t, s, root); n != 2 {
		t.Errorf("the administrator has %d sessions, want that of the page and that of this test", n)
	}
	p.do(chromedp.Click("#sign-out"))
	p.waitText("#sign-in", "Password")
	programs.Until(t, "the page's session is revoked", func() bool { return sessions(t, s, root) == 1 })
	if eval[int](p, "sessionStorage.length") != 0 {
		t.Error("after signing out the tokens are still stored")
	}
	if n := eval[int](p, `document.querySelectorAll("#waiting tbody tr, #endpoints tbody tr").length`); n != 0 {
		t.Errorf("after signing out the tables still have %d rows", n)
	}
}

// A temporary password opens a session that may only change the password.
func TestSignInWithATemporaryPassword(t *testing.T) {
	t.Parallel()
	s := serve(t)
	user, err := s.store.UserByID(t.Context(), administrator)
	must(t, err)
	issued, _, err := s.store.IssueTemporaryPassword(t.Context(), user.UID)
	must(t, err)
	p := open(t, phone)
	p.visit(s.URL)
	p.signIn(administrator, issued)
	p.waitText("#refusal", "This password is temporary")
}

// On the function's own listener there is the page, but no sign-in.
func TestPageOfTheFunctionAlone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	function := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "backoffice"})
	function.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.socket("backoffice"))
		},
	}
	alone := httptest.NewServer(function)
	t.Cleanup(alone.Close)
	p := open(t, desktop)
	p.visit(alone.URL)
	p.signIn(administrator, plain)
	p.waitText("#refusal", "Open the page at the address of the whole bundle")
}

// On Lambda the name of a stage, or a mapping such as /v1, comes before all paths.
func TestPageBelowAPrefix(t *testing.T) {
	t.Parallel()
	s := serve(t)
	target, err := url.Parse(s.URL)
	must(t, err)
	proxy := httptest.NewServer(http.StripPrefix("/v1", httputil.NewSingleHostReverseProxy(target)))
	t.Cleanup(proxy.Close)
	p := open(t, desktop)
	p.visit(proxy.URL + "/v1")
	p.signIn(administrator, plain)
	p.waitText("#updated", "Updated")
}
