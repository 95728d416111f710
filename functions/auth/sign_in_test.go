package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

const rightPassword = `"password":"` + areatest.Password + `"}`

func TestSignIn(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("Ann.1")
	var signedIn areatest.Caller

	b.Run(t, []areatest.Step{
		{Name: "right", Do: "POST /auth", Body: `{"id":"Ann.1",` + rightPassword, Want: 200, Check: func(t *testing.T, a areatest.Response) {
			signedIn = areatest.Caller{Token: isTokens(t, a).AccessToken}
		}},
		{Name: "in another case", Do: "POST /auth", Body: `{"id":"aNN.1",` + rightPassword, Want: 200},
		{Name: "a token is ignored", Do: "POST /auth", Body: `{"id":"Ann.1",` + rightPassword, Header: map[string]string{"Authorization": "Bearer x"}, Want: 200},
		{Name: "a wrong password", Do: "POST /auth", Body: `{"id":"Ann.1","password":"not the password"}`, Want: 401, Hint: "The ID or the password is wrong; check both."},
		{Name: "a password in another case", Do: "POST /auth", Body: `{"id":"Ann.1",` + strings.ToUpper(rightPassword[:12]) + rightPassword[12:], Want: 400},
		{Name: "an ill-formed ID", Do: "POST /auth", Body: `{"id":"a b",` + rightPassword, Want: 400},
		{Name: "a short password", Do: "POST /auth", Body: `{"id":"Ann.1","password":"short"}`, Want: 400, Hint: "password: expected length >= 10"},
	})
	b.Run(t, []areatest.Step{
		{Name: "the token is good", As: &signedIn, Do: "GET /session", Want: 200},
	})
	b.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, ann.UID)
	b.Run(t, []areatest.Step{
		{Name: "a deleted account", Do: "POST /auth", Body: `{"id":"Ann.1",` + rightPassword, Want: 401},
	})
}

// isTokens checks a response that has tokens, and returns them.
func isTokens(t testing.TB, r areatest.Response) (got tokens) {
	t.Helper()
	r.JSON(t, &got)
	want := tokens{AccessToken: got.AccessToken, TokenType: "Bearer", ExpiresIn: 300, RefreshToken: got.RefreshToken}
	isFull := strings.Contains(string(r.Body), `"must_change_password":false`)
	if got != want || got.AccessToken == "" || got.RefreshToken == "" || !isFull {
		t.Errorf("status %d with the body %s", r.Status, r.Body)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	return got
}

func TestSignInLengths(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	for field, texts := range map[string][]areatest.Text{"id": areatest.Lengths(4, 50)[:4], "password": areatest.Lengths(10, 100)} {
		for _, text := range texts {
			body := map[string]string{"id": "ann.1", "password": areatest.Password}
			body[field] = text.Value
			encoded, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			want := 400
			if text.OK {
				want = 401
			}
			b.Run(t, []areatest.Step{{Name: field + " " + text.Name, Do: "POST /auth", Body: string(encoded), Want: want}})
		}
	}
}

// Nothing tells an unknown ID from a wrong password: not the answer, and not the work that goes into it.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("ann.1")
	deps := b.Deps
	deps.Passwords = new(password.Hasher) // refuses every call
	busy := areatest.Serve(t, routes, deps)
	wrong := areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1","password":"not the password"}`}
	unknown := areatest.Step{Do: "POST /auth", Body: `{"id":"joe.1","password":"not the password"}`}

	for url, status := range map[string]int{b.URL: 401, busy: 503} { // 503: both need the hasher
		one, other := areatest.Do(t, url, wrong), areatest.Do(t, url, unknown)
		for _, a := range []areatest.Response{one, other} {
			a.Header.Del("X-Request-Id")
			a.Header.Del("Date")
			if a.Status != status {
				t.Errorf("status %d, want %d: %s", a.Status, status, a.Body)
			}
		}
		if !bytes.Equal(one.Body, other.Body) || !maps.EqualFunc(one.Header, other.Header, slices.Equal) {
			t.Errorf("a wrong password is answered %s %v, an unknown ID %s %v", one.Body, one.Header, other.Body, other.Header)
		}
	}
}

func TestSignInUserAgent(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("ann.1")
	for sent, want := range map[string]string{
		"curl/8 (가)":               "curl/8 (가)",
		"bad \xff\xfe UTF-8":       "bad \uFFFD UTF-8",
		"it's ? \\ $1 %s":          "it's ? \\ $1 %s",
		strings.Repeat("가", 512):   strings.Repeat("가", 512),
		strings.Repeat("b", 5_000): strings.Repeat("b", 512),
	} {
		answer := areatest.Do(t, b.URL, areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword, Header: map[string]string{"User-Agent": sent}})
		if answer.Status != 200 {
			t.Fatalf("%q: status %d: %s", sent, answer.Status, answer.Body)
		}
		as := &areatest.Caller{Token: isTokens(t, answer).AccessToken}
		if got := b.Do(t, as, "GET /session", "").Items(t)[0]["user_agent"]; got != want {
			t.Errorf("%q became %q, want %q", sent, got, want)
		}
	}
	if got := storable("a\x00b"); got != "a\uFFFDb" { // net/http lets none through; Lambda might
		t.Errorf("U+0000 became %q", got)
	}
}

func TestSignInRehashes(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("ann.1")
	hash := func() (hash string) {
		if err := b.DB.QueryRow(`SELECT password_hash FROM users`).Scan(&hash); err != nil {
			t.Fatal(err)
		}
		return hash
	}
	fresh := hash()
	old, err := password.New(7).Hash(t.Context(), password.Requester{}, areatest.Password)
	if err != nil {
		t.Fatal(err)
	}
	signIn := []areatest.Step{{Name: "right", Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword, Want: 200}}

	b.Run(t, signIn)
	if hash() != fresh {
		t.Error("a good hash was made anew")
	}
	b.Exec(`UPDATE users SET password_hash = $1`, old)
	b.Run(t, []areatest.Step{{Name: "wrong", Do: "POST /auth", Body: `{"id":"ann.1","password":"not the password"}`, Want: 401}})
	if hash() != old {
		t.Error("a wrong password replaced the hash")
	}
	b.Run(t, signIn)
	if got := hash(); !strings.HasPrefix(got, "pbkdf2:sha256:10$") || got == fresh {
		t.Errorf("an old hash became %q", got)
	}
	b.Run(t, signIn)

	// A hash that cannot be stored costs nobody the session.
	b.Exec(`UPDATE users SET password_hash = $1`, old)
	b.Exec(`ALTER TABLE users ADD CHECK (password_hash = '` + old + `')`)
	var log bytes.Buffer
	server := httptest.NewServer(function.NewHandler("auth", routes, b.Deps, function.Settings{
		Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}))
	t.Cleanup(server.Close)
	b.URL = server.URL
	b.Run(t, signIn)
	if !strings.Contains(log.String(), "replace password") {
		t.Errorf("the log says nothing of the failure: %s", log.String())
	}
}

// Whoever signs in while the password changes is let in by the password that stands in the end, and by no other.
func TestSignInWhilePasswordChanges(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	hash := func(plain string) string {
		hash, err := b.Deps.Passwords.Hash(t.Context(), password.Requester{}, plain)
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	const change = `UPDATE users SET password_hash = $1 WHERE uid = $2`
	sessions := func(of *areatest.Caller) int {
		return b.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, of.UID)
	}

	answer := b.RaceWith(t, areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword}, change, hash("another password"), ann.UID)
	if answer.Status != 401 || sessions(ann) != 1 {
		t.Errorf("the old password opened a session: %d %s", answer.Status, answer.Body)
	}
	areatest.CheckResponse(t, answer)
	answer = b.RaceWith(t, areatest.Step{Do: "POST /auth", Body: `{"id":"eve.1",` + rightPassword}, change, hash(areatest.Password), eve.UID)
	if answer.Status != 200 || sessions(eve) != 2 {
		t.Errorf("another hash of the same password kept its owner out: %d %s", answer.Status, answer.Body)
	}
}

func TestSignInFails(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("ann.1")
	private, _, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	deps := b.Deps
	if deps.Signer, err = token.NewSigner(private, strings.Repeat("i", token.MaxLength), "minifb"); err != nil {
		t.Fatal(err)
	}
	signIn := areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword}
	if answer := areatest.Do(t, areatest.Serve(t, routes, deps), signIn); answer.Status != 500 {
		t.Errorf("a token that cannot be signed: %d %s", answer.Status, answer.Body)
	}
	b.Exec(`UPDATE users SET password_hash = 'no hash at all'`)
	if answer := areatest.Do(t, b.URL, signIn); answer.Status != 500 || bytes.Contains(answer.Body, []byte("no hash at all")) {
		t.Errorf("a hash that cannot be read: %d %s", answer.Status, answer.Body)
	}
}
