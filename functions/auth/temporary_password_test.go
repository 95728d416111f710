package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"minifb/shared/limit"
	"minifb/shared/testkit/areatest"
)

// issue returns a temporary password of the caller's account.
func issue(t *testing.T, b *areatest.Server, as *areatest.Caller) string {
	t.Helper()
	temporary, _, err := b.Store.IssueTemporaryPassword(t.Context(), as.UID)
	if err != nil {
		t.Fatal(err)
	}
	return temporary
}

func credentials(id, password string) string {
	return fmt.Sprintf(`{"id":%q,"password":%q}`, id, password)
}

// restrictedTokens checks a response with the tokens of a restricted session.
func restrictedTokens(t *testing.T, r areatest.Response) (got tokens) {
	t.Helper()
	r.JSON(t, &got)
	if r.Status != 200 || !got.MustChangePassword || got.AccessToken == "" || got.RefreshToken == "" {
		t.Errorf("status %d with the body %s", r.Status, r.Body)
	}
	return got
}

func TestSignInWithTemporaryPassword(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("Ann.1"), b.User("eve.1")
	temporary := issue(t, b, ann)
	issue(t, b, eve)
	var got tokens
	b.Run(t, []areatest.Step{
		{Name: "of another account", Do: "POST /auth", Body: credentials("eve.1", temporary), Want: 401},
		{Name: "of no account", Do: "POST /auth", Body: credentials("nobody.1", temporary), Want: 401},
		{Name: "the real one", Do: "POST /auth", Body: credentials("ann.1", areatest.Password), Want: 200,
			Check: func(t *testing.T, r areatest.Response) { isTokens(t, r) }},
		{Name: "temporary", Do: "POST /auth", Body: credentials("ANN.1", temporary), Want: 200,
			Check: func(t *testing.T, r areatest.Response) { got = restrictedTokens(t, r) }},
		{Name: "once", Do: "POST /auth", Body: credentials("ann.1", temporary), Want: 401,
			Hint: "The ID or the password is wrong; check both."},
		{Name: "the real one still works", Do: "POST /auth", Body: credentials("ann.1", areatest.Password), Want: 200},
	})
	restricted := &areatest.Caller{Token: got.AccessToken}
	b.Run(t, []areatest.Step{{Name: "restricted", As: restricted, Do: "GET /session", Want: 403}})
	refreshed := restrictedTokens(t, b.Do(t, nil, "POST /refresh", `{"refresh_token":"`+got.RefreshToken+`"}`))
	restricted.Token = refreshed.AccessToken
	b.Run(t, []areatest.Step{
		{Name: "restricted after a refresh", As: restricted, Do: "DELETE /session/current", Want: 403},
		{Name: "all sessions", As: restricted, Do: "DELETE /session", Want: 403},
	})
	b.Exec(`UPDATE sessions SET temporary_hash = NULL, restricted = false`) // the password was changed
	b.Run(t, []areatest.Step{
		{Name: "full", As: restricted, Do: "GET /session", Want: 200},
		{Name: "full after a refresh", Do: "POST /refresh", Body: `{"refresh_token":"` + refreshed.RefreshToken + `"}`,
			Want: 200, Check: func(t *testing.T, r areatest.Response) { isTokens(t, r) }},
	})
}

func TestTemporaryPasswordSignsInOnceOfManyAtOnce(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	temporary := issue(t, b, b.User("ann.1"))
	var all sync.WaitGroup
	statuses := make(chan int, 20)
	for range cap(statuses) {
		all.Go(func() { statuses <- b.Do(t, nil, "POST /auth", credentials("ann.1", temporary)).Status })
	}
	all.Wait()
	close(statuses)
	got := map[int]int{}
	for status := range statuses {
		got[status]++
	}
	if want := map[int]int{200: 1, 401: 19}; !maps.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
}

func TestExpiredTemporaryPasswordIsRefused(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	temporary := issue(t, b, b.User("ann.1"))
	b.Exec(`UPDATE temporary_passwords SET expires_at = now()`)
	b.Run(t, []areatest.Step{{Name: "expired", Do: "POST /auth", Body: credentials("ann.1", temporary), Want: 401}})
}

// Every refused sign-in executes the same statements and one hash (see TestSignInTellsNothing), and
// gets the same response.
func TestRefusedSignInsAreIndistinguishable(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("known.1")
	b.User("waiting.1")
	used := issue(t, b, ann)
	b.Run(t, []areatest.Step{{Name: "used", Do: "POST /auth", Body: credentials("known.1", used), Want: 200}})
	issue(t, b, b.User("temporary.1"))
	deleted := b.User("deleted.1")
	b.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, deleted.UID)
	counted, executed := b.CountStatements(t)
	rules := limit.Default()
	b.Deps.Store, b.Deps.Limits = counted, limit.New(counted, &rules)
	b.URL = areatest.Serve(t, routes, b.Deps)
	var first areatest.Response
	for _, body := range []string{
		credentials("known.1", "not the password"), credentials("unknown.1", "not the password"),
		credentials("temporary.1", "not the password"), credentials("deleted.1", areatest.Password),
		credentials("known.1", used),
	} {
		before := executed()
		r := b.Do(t, nil, "POST /auth", body)
		if n := executed() - before; n != 2 { // the limits and the credential
			t.Errorf("%s: %d statements, want 2", body, n)
		}
		r.Header.Del("X-Request-Id")
		r.Header.Del("Date")
		if first.Header == nil {
			first = r
		}
		if r.Status != 401 || !bytes.Equal(r.Body, first.Body) ||
			!maps.EqualFunc(r.Header, first.Header, slices.Equal) {
			t.Errorf("%s: %d %s %v, want %s %v", body, r.Status, r.Body, r.Header, first.Body, first.Header)
		}
	}
}
