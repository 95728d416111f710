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

// A family is one session's tokens, by the names that a test gives them.
type family struct {
	*areatest.Server
	caller *areatest.Caller
	tokens map[string]string
}

func newFamily(t *testing.T) *family {
	t.Helper()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	return &family{b, ann, map[string]string{"first": ann.Refresh}}
}

func (f *family) send(t testing.TB, token string) areatest.Response {
	t.Helper()
	return f.Do(t, nil, "POST /refresh", `{"refresh_token":"`+token+`"}`)
}

// refresh uses a token and names its successor.
func (f *family) refresh(t *testing.T, token, successor string) {
	t.Helper()
	answer := f.send(t, f.tokens[token])
	if answer.Status != 200 {
		t.Fatalf("the %s token: status %d: %s", token, answer.Status, answer.Body)
	}
	next := isTokens(t, answer).RefreshToken
	for name, known := range f.tokens {
		if next == known {
			t.Errorf("the successor of %s is %s", token, name)
		}
	}
	f.tokens[successor] = next
}

// refuse uses a token that must be refused with this hint.
func (f *family) refuse(t *testing.T, token, hint string) {
	t.Helper()
	answer := f.send(t, f.tokens[token])
	areatest.CheckResponse(t, answer)
	if answer.Status != 401 || answer.Object(t)["hint"] != hint || answer.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("the %s token: status %d, want 401 %q: %s", token, answer.Status, hint, answer.Body)
	}
}

// age lets time pass for the tokens used so far.
func (f *family) age(interval string) {
	f.Exec(`UPDATE refresh_tokens SET used_at = used_at - $1::interval`, interval)
}

// ended checks that the session is over, for every token named.
func (f *family) ended(t *testing.T, tokens ...string) {
	t.Helper()
	if f.Int(`SELECT count(*) FROM sessions`) != 0 {
		t.Error("the session stands")
	}
	for _, token := range tokens {
		f.refuse(t, token, hintUnknown)
	}
	for deadline := time.Now().Add(time.Second); f.Do(t, f.caller, "GET /session", "").Status != 401; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("the access token is good a second later")
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
	answer := f.send(t, f.tokens["third"])
	as := &areatest.Caller{Token: isTokens(t, answer).AccessToken}
	sessions := f.Do(t, as, "GET /session", "").Items(t)
	if len(sessions) != 1 || sessions[0]["id"] != f.caller.Session || sessions[0]["current"] != true {
		t.Errorf("the tokens are of the sessions %v", sessions)
	}
	if strings.HasPrefix(sessions[0]["last_used_at"].(string), "2026-01-01") {
		t.Error("last_used_at stands still")
	}
	if f.Int(`SELECT count(*) FROM sessions WHERE expires_at > now() + interval '29 days'`) != 1 {
		t.Error("the session's end stands still")
	}
	if f.Int(`SELECT count(*) FROM refresh_tokens WHERE position($1 IN encode(hash, 'escape')) > 0`, f.tokens["third"]) != 0 {
		t.Error("a token is stored as it is")
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
		t.Error("another session ended too")
	}
	f.Exec(`DELETE FROM sessions WHERE id = $1`, other.Session)
	f.ended(t, "first", "second")
}

func TestRefreshForgives(t *testing.T) {
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

// The time for forgiveness runs from the rotation, however often it was granted.
func TestRefreshForgivesNoLonger(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.refresh(t, "first", "second")
	f.age("6 seconds")
	f.refresh(t, "first", "third")
	f.age("6 seconds")
	f.refuse(t, "first", hintReuse)
	f.ended(t, "second", "third")
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
			f.ended(t, "first", "elder", "younger", "next")
		})
	}
}

func TestRefreshGrandparent(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.refresh(t, "first", "second")
	f.refresh(t, "second", "third")
	f.refuse(t, "first", hintReuse) // well within 10 seconds
	f.ended(t, "second", "third")
}

func TestRefreshTogether(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	var wait sync.WaitGroup
	answers := make([]areatest.Response, 10)
	for i := range answers {
		wait.Go(func() { answers[i] = f.send(t, f.tokens["first"]) })
	}
	wait.Wait()
	var successors []string
	for _, answer := range answers {
		if answer.Status != 200 {
			t.Fatalf("status %d: %s", answer.Status, answer.Body)
		}
		successors = append(successors, isTokens(t, answer).RefreshToken)
	}
	slices.Sort(successors)
	if len(slices.Compact(slices.Clone(successors))) != len(answers) {
		t.Error("two got the same token")
	}
	f.tokens["one"], f.tokens["other"] = successors[0], successors[1]
	f.refresh(t, "one", "next")
	f.refuse(t, "other", hintReuse)
	f.ended(t, "next")
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	f := newFamily(t)
	f.tokens["made-up"] = "Hm4rTqkVwyr3zq1LkBvZ3wV5pXnZ0Jt7c2uS8dGfYaE"
	f.tokens["shortened"] = f.caller.Refresh[1:]
	f.refuse(t, "made-up", hintUnknown)
	f.refuse(t, "shortened", hintUnknown)
	for _, length := range []int{0, 513} {
		if answer := f.send(t, strings.Repeat("a", length)); answer.Status != 400 {
			t.Errorf("%d characters: status %d", length, answer.Status)
		}
	}
	if answer := f.send(t, strings.Repeat("가", 512)); answer.Status != 401 {
		t.Errorf("512 characters: status %d", answer.Status)
	}
	f.Exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
	f.refuse(t, "first", hintUnknown) // its session has expired
}

// A password change ends every other session, and leaves the one that made it.
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
