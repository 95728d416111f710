package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

const (
	hintUnknown = "refresh_token: is invalid or expired; sign in again"
	hintReuse   = "refresh_token: was used before, so its session has been revoked; sign in again"
)

// A family is the refresh tokens of one session, by the names that the test gives them.
type family struct {
	*areatest.Server
	caller *areatest.Caller
	tokens map[string]string
}

func newFamily(t *testing.T) *family {
	t.Helper()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	return &family{s, ann, map[string]string{"first": ann.Refresh}}
}

func (f *family) send(t testing.TB, token string) areatest.Response {
	t.Helper()
	return f.Do(t, nil, "POST /refresh", `{"refresh_token":"`+token+`"}`)
}

// refresh uses a token, and gives its successor a name.
func (f *family) refresh(t *testing.T, token, successor string) {
	t.Helper()
	response := f.send(t, f.tokens[token])
	if response.Status != 200 {
		t.Fatalf("the %s token: status %d: %s", token, response.Status, response.Body)
	}
	next := isTokens(t, response).RefreshToken
	for name, known := range f.tokens {
		if next == known {
			t.Errorf("the successor of the %s token is the %s token", token, name)
		}
	}
	f.tokens[successor] = next
}

// refuse uses a token, and checks that it is refused with this hint.
func (f *family) refuse(t *testing.T, token, hint string) {
	t.Helper()
	response := f.send(t, f.tokens[token])
	areatest.CheckResponse(t, response)
	if response.Status != 401 || response.Object(t)["hint"] != hint ||
		response.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("the %s token: status %d, want 401 %q: %s", token, response.Status, hint, response.Body)
	}
}

// age makes the uses so far older.
func (f *family) age(interval string) {
	f.Exec(`UPDATE refresh_tokens SET used_at = used_at - $1::interval`, interval)
}

// revoked checks that the session is revoked, and these tokens with it.
func (f *family) revoked(t *testing.T, tokens ...string) {
	t.Helper()
	if f.Int(`SELECT count(*) FROM sessions`) != 0 {
		t.Error("the session still exists")
	}
	for _, token := range tokens {
		f.refuse(t, token, hintUnknown)
	}
	for deadline := time.Now().Add(time.Second); f.Do(t, f.caller, "GET /session",
		"").Status != 401; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("the access token is still valid after a second")
			return
		}
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.Exec(`UPDATE sessions SET last_used_at = '2026-01-01', expires_at = now() + interval '1 minute'`)
	f.refresh(t, "first", "second")
	f.refresh(t, "second", "third")
	response := f.send(t, f.tokens["third"])
	as := &areatest.Caller{Token: isTokens(t, response).AccessToken}
	sessions := f.Do(t, as, "GET /session", "").Items(t)
	if len(sessions) != 1 || sessions[0]["id"] != f.caller.Session || sessions[0]["current"] != true {
		t.Errorf("the tokens are of the sessions %v", sessions)
	}
	if strings.HasPrefix(sessions[0]["last_used_at"].(string), "2026-01-01") {
		t.Error("last_used_at has not changed")
	}
	if f.Int(`SELECT count(*) FROM sessions WHERE expires_at > now() + interval '29 days'`) != 1 {
		t.Error("expires_at has not changed")
	}
	if f.Int(`SELECT count(*) FROM refresh_tokens WHERE position($1 IN encode(hash, 'escape')) > 0`,
		f.tokens["third"]) != 0 {
		t.Error("a token is stored in plain text")
	}
}

func TestRefreshReuse(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	other := f.SignIn(f.caller)
	f.refresh(t, "first", "second")
	f.age("10 seconds")
	f.refuse(t, "first", hintReuse)
	if f.Int(`SELECT count(*) FROM sessions WHERE id = $1`, other.Session) != 1 {
		t.Error("another session was revoked")
	}
	f.Exec(`DELETE FROM sessions WHERE id = $1`, other.Session)
	f.revoked(t, "first", "second")
}

func TestRefreshForgivesTheParent(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.refresh(t, "first", "lost")
	f.refresh(t, "first", "lost too")
	f.age("8 seconds") // of 10
	f.refresh(t, "first", "kept")
	f.refresh(t, "kept", "next")
	f.refresh(t, "kept", "next again")
	f.refresh(t, "next again", "last")
}

// The 10 seconds begin at the rotation. Another use within them does not extend them.
func TestRefreshForgivesFor10Seconds(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.refresh(t, "first", "second")
	f.age("6 seconds")
	f.refresh(t, "first", "third")
	f.age("6 seconds")
	f.refuse(t, "first", hintReuse)
	f.revoked(t, "second", "third")
}

func TestRefreshFirstSuccessorWins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ winner, loser string }{{"elder", "younger"}, {"younger", "elder"}} {
		t.Run(c.winner, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t)
			f.refresh(t, "first", "elder")
			f.refresh(t, "first", "younger")
			f.refresh(t, c.winner, "next")
			f.refuse(t, c.loser, hintReuse)
			f.revoked(t, "first", "elder", "younger", "next")
		})
	}
}

func TestRefreshDoesNotForgiveTheGrandparent(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.refresh(t, "first", "second")
	f.refresh(t, "second", "third")
	f.refuse(t, "first", hintReuse) // within 10 seconds
	f.revoked(t, "second", "third")
}

func TestConcurrentRefreshes(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	var wait sync.WaitGroup
	responses := make([]areatest.Response, 10)
	for i := range responses {
		wait.Go(func() { responses[i] = f.send(t, f.tokens["first"]) })
	}
	wait.Wait()
	var successors []string
	for _, response := range responses {
		if response.Status != 200 {
			t.Fatalf("status %d: %s", response.Status, response.Body)
		}
		successors = append(successors, isTokens(t, response).RefreshToken)
	}
	slices.Sort(successors)
	if len(slices.Compact(slices.Clone(successors))) != len(responses) {
		t.Error("two responses have the same token")
	}
	f.tokens["one"], f.tokens["other"] = successors[0], successors[1]
	f.refresh(t, "one", "next")
	f.refuse(t, "other", hintReuse)
	f.revoked(t, "next")
}

func TestRefreshRefusesUnknownTokens(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.tokens["made-up"] = "Hm4rTqkVwyr3zq1LkBvZ3wV5pXnZ0Jt7c2uS8dGfYaE"
	f.tokens["shortened"] = f.caller.Refresh[1:]
	f.refuse(t, "made-up", hintUnknown)
	f.refuse(t, "shortened", hintUnknown)
	for _, length := range []int{0, 513} {
		if response := f.send(t, strings.Repeat("a", length)); response.Status != 400 {
			t.Errorf("%d characters: status %d", length, response.Status)
		}
	}
	if response := f.send(t, strings.Repeat("가", 512)); response.Status != 401 {
		t.Errorf("512 characters: status %d", response.Status)
	}
	f.Exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
	f.refuse(t, "first", hintUnknown) // its session has expired
}

// A password change revokes every session but its own.
func TestRefreshAfterPasswordChange(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.tokens["other"] = f.SignIn(f.caller).Refresh
	credential, err := f.Store.ViewerCredential(t.Context(), f.caller.UID, f.caller.Session)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Store.ChangePassword(t.Context(), credential, f.caller.Session, "another hash"); err != nil {
		t.Fatal(err)
	}
	f.refuse(t, "other", hintUnknown)
	f.refresh(t, "first", "second")
}
