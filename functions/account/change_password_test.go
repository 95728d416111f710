package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	b.SignIn(ann)
	sessions := func(as *areatest.Caller) (ids int) {
		return b.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, as.UID)
	}
	const change = `,"new_password":"another password"}`

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 401},
		{Name: "a wrong one", As: ann, Do: "PATCH /user/password", Body: `{"password":"not the password"` + change, Want: 403,
			Hint: "password: is not this account's; check it and try again"},
		{Name: "only the new one", As: ann, Do: "PATCH /user/password", Body: `{"new_password":"another password"}`, Want: 400},
		{Name: "only the old one", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + `}`, Want: 400},
	})
	if sessions(ann) != 2 {
		t.Fatalf("a refused change left %d sessions of 2", sessions(ann))
	}
	b.Run(t, []areatest.Step{
		{Name: "right", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 204},
		{Name: "the session goes on", As: ann, Do: "GET /user", Want: 200},
		{Name: "the old one", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + change, Want: 403},
		{Name: "the same again", As: ann, Do: "PATCH /user/password", Body: `{"password":"another password"` + change, Want: 204},
		{Name: "the other session is refused", As: b.SignIn(eve), Do: "GET /user", Want: 200},
	})
	if sessions(ann) != 1 || b.Int(`SELECT count(*) FROM sessions WHERE id = $1`, ann.Session) != 1 {
		t.Errorf("after the change %d sessions stand; want the one that changed it", sessions(ann))
	}
	if sessions(eve) != 2 {
		t.Errorf("somebody else's sessions ended")
	}
}

func TestPasswordLengths(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	current := areatest.Password
	for _, text := range areatest.Lengths(10, 100) {
		change := func(from, to string, want int) {
			body, err := json.Marshal(map[string]string{"password": from, "new_password": to})
			if err != nil {
				t.Fatal(err)
			}
			b.Run(t, []areatest.Step{{Name: text.Name, As: ann, Do: "PATCH /user/password", Body: string(body), Want: want}})
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

func TestPasswordChangedMeanwhile(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	answer := b.RaceWith(t, areatest.Step{As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + `,"new_password":"of a thief"}`},
		`UPDATE users SET password_hash = 'another hash' WHERE uid = $1`, ann.UID)
	if answer.Status != 403 {
		t.Errorf("status %d: %s", answer.Status, answer.Body)
	}
	if b.Int(`SELECT count(*) FROM users WHERE password_hash = 'another hash'`) != 1 {
		t.Error("the later change was lost")
	}
}

// A hash that took the request's whole time leaves none for the next.
func TestPasswordLate(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	slow, err := password.New(400_000).Hash(t.Context(), password.Requester{}, areatest.Password)
	if err != nil {
		t.Fatal(err)
	}
	b.Exec(`UPDATE users SET password_hash = $1`, slow)
	// On a busy machine the database alone may take such a time; then twice of it is tried.
	for limit := 25 * time.Millisecond; ; limit *= 2 {
		b.URL = serve(t, b.Deps, limit, io.Discard)
		answer := b.Do(t, ann, "PATCH /user/password", `{`+rightPassword+`,"new_password":"another password"}`)
		areatest.CheckResponse(t, answer)
		if answer.Status == 503 {
			return
		}
		if answer.Status != 504 {
			t.Fatalf("status %d: %s", answer.Status, answer.Body)
		}
	}
}

func TestPasswordUnreadable(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.Exec(`UPDATE users SET password_hash = 'no hash at all'`)
	b.Run(t, []areatest.Step{
		{Name: "change", As: ann, Do: "PATCH /user/password", Body: `{` + rightPassword + `,"new_password":"another password"}`, Want: 500},
		{Name: "address", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`, Want: 500},
		{Name: "deletion", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 500},
	})
}

// serve is bundletest.Serve with a time limit and a log to look at.
func serve(t *testing.T, deps function.Deps, timeout time.Duration, log io.Writer) (url string) {
	t.Helper()
	server := httptest.NewServer(function.NewHandler("account", routes, deps, function.Settings{
		Timeout: timeout, Log: slog.New(slog.NewTextHandler(log, nil)),
	}))
	t.Cleanup(server.Close)
	return server.URL
}
