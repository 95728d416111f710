package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

func TestDeletion(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("Ann.1"), b.User("eve.1")
	b.SignIn(ann)
	b.Post(ann, "mine")
	b.Post(eve, "hers")

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 401},
		{Name: "without a password", As: ann, Do: "POST /user/deletion", Body: `{}`, Want: 400},
		{Name: "a short one", As: ann, Do: "POST /user/deletion", Body: `{"password":"123456789"}`, Want: 400, Hint: "password: expected length >= 10"},
		{Name: "a wrong one", As: ann, Do: "POST /user/deletion", Body: `{"password":"not the password"}`, Want: 403,
			Hint: "password: is not this account's; check it and try again"},
		{Name: "the account stands", Do: "GET /user/ann.1", Want: 200},
		{Name: "right", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 204},
		{Name: "twice", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 401},
		{Name: "its token reads nothing", As: ann, Do: "GET /user", Want: 401},
		{Name: "it is gone", Do: "GET /user/ann.1", Want: 404},
		{Name: "its ID is free", Do: "GET /check/id/ANN.1", Want: 200},
		{Name: "for anybody", Do: "POST /signup", Body: `{"id":"ANN.1","name":"Another",` + rightPassword + `}`, Want: 201},
		{Name: "who is somebody else", Do: "GET /user/ann.1", Want: 200, Check: func(t *testing.T, a areatest.Response) {
			if a.Object(t)["name"] != "Another" {
				t.Errorf("the body is %s", a.Body)
			}
		}},
		{Name: "whom the old token is not", As: ann, Do: "GET /user", Want: 401},
	})
	if b.Int(`SELECT count(*) FROM users WHERE uid = $1`, ann.UID)+b.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, ann.UID)+
		b.Int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, ann.UID) != 0 {
		t.Error("rows of the account are left")
	}
	if b.Int(`SELECT count(*) FROM posts`) != 1 || b.Int(`SELECT count(*) FROM sessions`) != 1 {
		t.Error("somebody else's rows went too")
	}
}

func TestDeletionAfterPasswordChange(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	answer := b.RaceWith(t, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`},
		`UPDATE users SET password_hash = 'another hash' WHERE uid = $1`, ann.UID)
	if answer.Status != 403 || b.Int(`SELECT count(*) FROM users WHERE deleted_at IS NULL`) != 1 {
		t.Errorf("an old password deleted the account: %d %s", answer.Status, answer.Body)
	}
}

// The caller is answered in time and the account is gone, though others hold up what is left of it.
func TestDeletionRunsOutOfTime(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve, bob := b.User("ann.1"), b.User("eve.1"), b.User("bob.1")
	b.Post(eve, "hers")
	b.Exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT id, $1, 3 FROM posts`, ann.UID)
	b.Exec(`UPDATE posts SET reaction_3 = 1`)
	left := func() int {
		return b.Int(`SELECT count(*) FROM post_reactions`) + b.Int(`SELECT reaction_3 FROM posts`)
	}

	tx, err := b.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	url := serve(t, b.Deps, responseTime+2*time.Second, &log)
	answer := areatest.Do(t, url, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`})
	if answer.Status != 204 || left() != 2 {
		t.Fatalf("status %d, %d rows left: %s", answer.Status, left(), answer.Body)
	}
	if strings.Contains(log.String(), "error=") {
		t.Errorf("running out of time is logged as a failure: %s", log.String())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	b.Run(t, []areatest.Step{
		{Name: "it is gone", Do: "GET /user/ann.1", Want: 404},
		{Name: "another one goes", As: bob, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 204},
	})
	if left() != 0 || b.Int(`SELECT count(*) FROM users`) != 1 {
		t.Errorf("the next deletion did not sweep what the first one left")
	}
}

func TestDeletionSweepFails(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.Exec(`ALTER TABLE notifications RENAME TO lost`)
	var log bytes.Buffer
	url := serve(t, b.Deps, 30*time.Second, &log)
	answer := areatest.Do(t, url, areatest.Step{As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`})
	if answer.Status != 204 || b.Int(`SELECT count(*) FROM users WHERE deleted_at IS NOT NULL`) != 1 {
		t.Errorf("status %d: %s", answer.Status, answer.Body)
	}
	if !strings.Contains(log.String(), "the account is deleted, but not all of its rows") {
		t.Errorf("the log says nothing of the failure: %s", log.String())
	}
}
