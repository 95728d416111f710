package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("Ann.1"), s.User("eve.1")
	s.SignIn(ann)
	s.Post(ann, "mine")
	s.Post(eve, "hers")

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 401},
		{Name: "without a password", As: ann, Do: "POST /user/deletion", Body: `{}`, Want: 400},
		{
			Name: "a short password", As: ann, Do: "POST /user/deletion", Body: `{"password":"123456789"}`, Want: 400,
			Hint: "password: expected length >= 10",
		},
		{Name: "a wrong password", As: ann, Do: "POST /user/deletion", Body: `{"password":"not the password"}`,
			Want: 403,
			Hint: "password: is not this account's; check it and try again"},
		{Name: "the account still exists", Do: "GET /user/ann.1", Want: 200},
		{Name: "right", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 204},
		{Name: "twice", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 401},
		{Name: "its token is not valid", As: ann, Do: "GET /user", Want: 401},
		{Name: "it is deleted", Do: "GET /user/ann.1", Want: 404},
		{Name: "its ID is free", Do: "GET /check/id/ANN.1", Want: 200},
		{
			Name: "another user takes the ID", Do: "POST /signup",
			Body: `{"id":"ANN.1","name":"Another",` + rightPassword + `}`,
			Want: 201,
		},
		{Name: "the new account", Do: "GET /user/ann.1", Want: 200,
			Check: func(t *testing.T, r areatest.Response) {
				if r.Object(t)["name"] != "Another" {
					t.Errorf("the body is %s", r.Body)
				}
			}},
		{Name: "the old token is still not valid", As: ann, Do: "GET /user", Want: 401},
	})
	if s.Int(`SELECT count(*) FROM users WHERE uid = $1`,
		ann.UID)+s.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, ann.UID)+
		s.Int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, ann.UID) != 0 {
		t.Error("rows of the account are left")
	}
	if s.Int(`SELECT count(*) FROM posts`) != 1 || s.Int(`SELECT count(*) FROM sessions`) != 1 {
		t.Error("another user's rows were deleted")
	}
}

func TestDeleteAccountAfterPasswordChange(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	response := s.RaceWith(t, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`},
		`UPDATE users SET password_hash = 'another hash' WHERE uid = $1`, ann.UID)
	if response.Status != 403 || s.Int(`SELECT count(*) FROM users WHERE deleted_at IS NULL`) != 1 {
		t.Errorf("an old password deleted the account: %d %s", response.Status, response.Body)
	}
}

// The account is deleted in time, although another transaction locks its rows.
func TestDeleteAccountWhileSweepWaits(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve, bob := s.User("ann.1"), s.User("eve.1"), s.User("bob.1")
	s.Post(eve, "hers")
	s.Exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT id, $1, 3 FROM posts`, ann.UID)
	s.Exec(`UPDATE posts SET reaction_3 = 1`)
	left := func() int {
		return s.Int(`SELECT count(*) FROM post_reactions`) + s.Int(`SELECT reaction_3 FROM posts`)
	}

	tx, err := s.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	url := serve(t, s.Deps, responseTime+2*time.Second, &log)
	response := areatest.Do(t, url, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`})
	if response.Status != 204 || left() != 2 {
		t.Fatalf("status %d, %d rows left: %s", response.Status, left(), response.Body)
	}
	if strings.Contains(log.String(), "error=") {
		t.Errorf("the time limit is logged as an error: %s", log.String())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.Run(t, []areatest.Step{
		{Name: "it is deleted", Do: "GET /user/ann.1", Want: 404},
		{
			Name: "another account is deleted", As: bob, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`,
			Want: 204,
		},
	})
	if left() != 0 || s.Int(`SELECT count(*) FROM users`) != 1 {
		t.Errorf("the next deletion did not sweep the rows that the first one left")
	}
}

func TestDeleteAccountSweepFails(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Exec(`ALTER TABLE notifications RENAME TO lost`)
	var log bytes.Buffer
	url := serve(t, s.Deps, 30*time.Second, &log)
	response := areatest.Do(t, url, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`})
	if response.Status != 204 || s.Int(`SELECT count(*) FROM users WHERE deleted_at IS NOT NULL`) != 1 {
		t.Errorf("status %d: %s", response.Status, response.Body)
	}
	if !strings.Contains(log.String(), "the account is deleted, but not all of its rows") {
		t.Errorf("the error is not logged: %s", log.String())
	}
}
