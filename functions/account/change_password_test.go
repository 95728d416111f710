package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
)

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	s.SignIn(ann)
	sessions := func(as *areatest.Caller) (ids int) {
		return s.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, as.UID)
	}
	const change = `,"new_password":"another password"}`

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 401},
		{Name: "a wrong password", As: ann, Do: "PATCH /user/password", Body: `{"password":"not the password"` + change,
			Want: 403,
			Hint: "password: is not this account's; check it and try again"},
		{
			Name: "only the new password", As: ann, Do: "PATCH /user/password",
			Body: `{"new_password":"another password"}`, Want: 400,
		},
		{
			Name: "only the old password", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + `}`,
			Want: 400,
		},
	})
	if sessions(ann) != 2 {
		t.Fatalf("%d sessions are left after a refused change, want 2", sessions(ann))
	}
	s.Run(t, []areatest.Step{
		{Name: "right", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 204},
		{Name: "the session is still valid", As: ann, Do: "GET /user", Want: 200},
		{Name: "the old password", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 403},
		{
			Name: "the same again", As: ann, Do: "PATCH /user/password",
			Body: `{"password":"another password"` + change, Want: 204,
		},
		{Name: "another user's session", As: s.SignIn(eve), Do: "GET /user", Want: 200},
	})
	if sessions(ann) != 1 || s.Int(`SELECT count(*) FROM sessions WHERE id = $1`, ann.Session) != 1 {
		t.Errorf("%d sessions are left after the change, want the one that made it", sessions(ann))
	}
	if sessions(eve) != 2 {
		t.Errorf("another user's sessions were revoked")
	}
}

func TestChangePasswordLengths(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	current := areatest.Password
	for _, text := range areatest.Lengths(10, 100) {
		change := func(from, to string, want int) {
			body, err := json.Marshal(map[string]string{"password": from, "new_password": to})
			if err != nil {
				t.Fatal(err)
			}
			s.Run(t, []areatest.Step{{Name: text.Name, As: ann, Do: "PATCH /user/password", Body: string(body),
				Want: want}})
		}
		if !text.OK {
			change(current, text.Value, 400)
			change(text.Value, current, 400)
			continue
		}
		change(text.Value, current, 403)
		change(current, text.Value, 204)
		current = text.Value
	}
}

func TestChangePasswordAfterAnotherChange(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	response := s.RaceWith(t, areatest.Step{
		As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + `,"new_password":"of a thief"}`,
	},
		`UPDATE users SET password_hash = 'another hash' WHERE uid = $1`, ann.UID)
	if response.Status != 403 {
		t.Errorf("status %d: %s", response.Status, response.Body)
	}
	if s.Int(`SELECT count(*) FROM users WHERE password_hash = 'another hash'`) != 1 {
		t.Error("the other change was lost")
	}
}

// Hashing the old password takes the request's whole time, and none is left for the new one.
func TestChangePasswordTimesOut(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	slow, err := password.New(400_000).Hash(t.Context(), password.Requester{}, areatest.Password)
	if err != nil {
		t.Fatal(err)
	}
	s.Exec(`UPDATE users SET password_hash = $1`, slow)
	// On a busy machine the database alone may take this long. Then the test tries twice the limit.
	for limit := 25 * time.Millisecond; ; limit *= 2 {
		s.URL = serve(t, s.Deps, limit, io.Discard)
		response := s.Do(t, ann, "PATCH /user/password", `{`+rightPassword+`,"new_password":"another password"}`)
		areatest.CheckResponse(t, response)
		if response.Status == 503 {
			return
		}
		if response.Status != 504 {
			t.Fatalf("status %d: %s", response.Status, response.Body)
		}
	}
}

func TestMalformedHash(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Exec(`UPDATE users SET password_hash = 'no hash at all'`)
	s.Run(t, []areatest.Step{
		{
			Name: "change", As: ann, Do: "PATCH /user/password",
			Body: `{` + rightPassword + `,"new_password":"another password"}`, Want: 500,
		},
		{Name: "address", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`, Want: 500},
		{Name: "deletion", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 500},
	})
}

// serve is areatest.Serve with a time limit and a log.
func serve(t *testing.T, deps function.Deps, timeout time.Duration, log io.Writer) (url string) {
	t.Helper()
	server := httptest.NewServer(function.NewHandler("account", routes, deps, function.Settings{
		Origins: api.AllOrigins,
		Timeout: timeout, Log: slog.New(slog.NewTextHandler(log, nil)),
	}))
	t.Cleanup(server.Close)
	return server.URL
}
