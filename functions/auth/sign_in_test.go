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

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/reload"
	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

const rightPassword = `"password":"` + areatest.Password + `"}`

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("Ann.1")
	var signedIn areatest.Caller

	s.Run(t, []areatest.Step{
		{Name: "right", Do: "POST /auth", Body: `{"id":"Ann.1",` + rightPassword, Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				signedIn = areatest.Caller{Token: isTokens(t, r).AccessToken}
			}},
		{Name: "in another case", Do: "POST /auth", Body: `{"id":"aNN.1",` + rightPassword, Want: 200},
		{
			Name: "a token is ignored", Do: "POST /auth", Body: `{"id":"Ann.1",` + rightPassword,
			Header: map[string]string{"Authorization": "Bearer x"}, Want: 200,
		},
		{
			Name: "a wrong password", Do: "POST /auth", Body: `{"id":"Ann.1","password":"not the password"}`,
			Want: 401, Hint: "The ID or the password is wrong; check both.",
		},
		{
			Name: "a password in another case", Do: "POST /auth",
			Body: `{"id":"Ann.1",` + strings.ToUpper(rightPassword[:12]) + rightPassword[12:], Want: 400,
		},
		{Name: "an malformed ID", Do: "POST /auth", Body: `{"id":"a b",` + rightPassword, Want: 400},
		{
			Name: "a short password", Do: "POST /auth", Body: `{"id":"Ann.1","password":"short"}`, Want: 400,
			Hint: "password: 10 to 100 characters",
		},
	})
	s.Run(t, []areatest.Step{
		{Name: "the access token is valid", As: &signedIn, Do: "GET /session", Want: 200},
	})
	s.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, ann.UID)
	s.Run(t, []areatest.Step{
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
	s := areatest.New(t, routes)
	for field, texts := range map[string][]areatest.Text{"id": areatest.Lengths(4, 50)[:4],
		"password": areatest.Lengths(10, 100)} {
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
			s.Run(t, []areatest.Step{{Name: field + " " + text.Name, Do: "POST /auth", Body: string(encoded),
				Want: want}})
		}
	}
}

// An unknown ID and a wrong password get the same response, after the same work.
func TestUnknownIDLooksLikeWrongPassword(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("ann.1")
	deps := s.Deps
	deps.Passwords = new(password.Hasher) // refuses every call
	busy := areatest.Serve(t, routes, deps)
	wrong := areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1","password":"not the password"}`}
	unknown := areatest.Step{Do: "POST /auth", Body: `{"id":"joe.1","password":"not the password"}`}

	for url, status := range map[string]int{s.URL: 401, busy: 503} { // 503: both need the hasher
		one, other := areatest.Do(t, url, wrong), areatest.Do(t, url, unknown)
		for _, response := range []areatest.Response{one, other} {
			response.Header.Del("X-Request-Id")
			response.Header.Del("Date")
			if response.Status != status {
				t.Errorf("status %d, want %d: %s", response.Status, status, response.Body)
			}
		}
		if !bytes.Equal(one.Body, other.Body) || !maps.EqualFunc(one.Header, other.Header, slices.Equal) {
			t.Errorf("a wrong password got %s %v, an unknown ID %s %v",
				one.Body, one.Header, other.Body, other.Header)
		}
	}
}

func TestSignInUserAgent(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("ann.1")
	for sent, want := range map[string]string{
		"curl/8 (가)":               "curl/8 (가)",
		"bad \xff\xfe UTF-8":       "bad \uFFFD UTF-8",
		"it's ? \\ $1 %s":          "it's ? \\ $1 %s",
		strings.Repeat("가", 512):   strings.Repeat("가", 512),
		strings.Repeat("b", 5_000): strings.Repeat("b", 512),
	} {
		response := areatest.Do(t, s.URL, areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword,
			Header: map[string]string{"User-Agent": sent}})
		if response.Status != 200 {
			t.Fatalf("%q: status %d: %s", sent, response.Status, response.Body)
		}
		as := &areatest.Caller{Token: isTokens(t, response).AccessToken}
		if got := s.Do(t, as, "GET /session", "").Items(t)[0]["user_agent"]; got != want {
			t.Errorf("%q is stored as %q, want %q", sent, got, want)
		}
	}
	if got := storable("a\x00b"); got != "a\uFFFDb" { // net/http refuses such a header; Lambda might not
		t.Errorf("U+0000 is stored as %q", got)
	}
}

func TestSignInRehashes(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("ann.1")
	hash := func() (hash string) {
		if err := s.DB.QueryRow(`SELECT password_hash FROM users`).Scan(&hash); err != nil {
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

	s.Run(t, signIn)
	if hash() != fresh {
		t.Error("a hash that needs no rehash was replaced")
	}
	s.Exec(`UPDATE users SET password_hash = $1`, old)
	s.Run(t, []areatest.Step{{Name: "wrong", Do: "POST /auth", Body: `{"id":"ann.1","password":"not the password"}`,
		Want: 401}})
	if hash() != old {
		t.Error("the hash was replaced after a wrong password")
	}
	s.Run(t, signIn)
	if got := hash(); !strings.HasPrefix(got, "pbkdf2:sha256:10$") || got == fresh {
		t.Errorf("the hash was replaced by %q", got)
	}
	s.Run(t, signIn)

	// If the new hash cannot be stored, the sign-in still succeeds.
	s.Exec(`UPDATE users SET password_hash = $1`, old)
	s.Exec(`ALTER TABLE users ADD CHECK (password_hash = '` + old + `')`)
	var log bytes.Buffer
	server := httptest.NewServer(function.NewHandler("auth", routes, s.Deps, function.Settings{
		Origins: api.AllOrigins,
		Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	s.Run(t, signIn)
	if !strings.Contains(log.String(), "replace password") {
		t.Errorf("the error is not logged: %s", log.String())
	}
}

// A sign-in that races with a password change succeeds only with the new password.
func TestSignInWhilePasswordChanges(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	hash := func(plain string) string {
		hash, err := s.Deps.Passwords.Hash(t.Context(), password.Requester{}, plain)
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	const change = `UPDATE users SET password_hash = $1 WHERE uid = $2`
	sessions := func(of *areatest.Caller) int {
		return s.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, of.UID)
	}

	response := s.RaceWith(t, areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword}, change,
		hash("another password"), ann.UID)
	if response.Status != 401 || sessions(ann) != 1 {
		t.Errorf("the old password opened a session: %d %s", response.Status, response.Body)
	}
	areatest.CheckResponse(t, response)
	response = s.RaceWith(t, areatest.Step{Do: "POST /auth", Body: `{"id":"eve.1",` + rightPassword}, change,
		hash(areatest.Password), eve.UID)
	if response.Status != 200 || sessions(eve) != 2 {
		t.Errorf("the sign-in failed after a rehash: %d %s", response.Status, response.Body)
	}
}

func TestSignInFails(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("ann.1")
	private, _, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	deps := s.Deps
	issuer := strings.Repeat("i", token.MaxLength)
	if deps.Signer, err = token.NewSigner(reload.Text(private), issuer, "minifb"); err != nil {
		t.Fatal(err)
	}
	signIn := areatest.Step{Do: "POST /auth", Body: `{"id":"ann.1",` + rightPassword}
	if response := areatest.Do(t, areatest.Serve(t, routes, deps), signIn); response.Status != 500 {
		t.Errorf("with a signer that fails: %d %s", response.Status, response.Body)
	}
	s.Exec(`UPDATE users SET password_hash = 'no hash at all'`)
	if response := areatest.Do(t, s.URL, signIn); response.Status != 500 ||
		bytes.Contains(response.Body, []byte("no hash at all")) {
		t.Errorf("with a malformed hash: %d %s", response.Status, response.Body)
	}
}
