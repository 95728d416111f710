package main

import (
	"strings"
	"testing"

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
			Hint: "password: 10 to 100 characters",
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
	if n := s.Int(`SELECT count(*) FROM sessions WHERE user_uid = $1`, ann.UID); n != 0 {
		t.Errorf("%d sessions of the account are left", n)
	}
	posts := s.Int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, eve.UID)
	if posts != 1 || s.Int(`SELECT count(*) FROM sessions`) != 1 {
		t.Error("rows of another account were deleted")
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

// All that identifies a person is erased before the response is sent.
func TestDeletionErasesPersonalDataAtOnce(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	s.Exec(`UPDATE users SET name = 'Ann Lee', nickname = 'secret', intro = 'secret', email = 'secret@example.org'`)
	s.Exec(`INSERT INTO temporary_passwords
		VALUES ($1, decode(repeat('00', 32), 'hex'), now() + interval '1 hour')`, ann.UID)
	s.Exec(`INSERT INTO temporary_password_requests (user_id) VALUES ('ann.1')`)
	s.Run(t, []areatest.Step{
		{Name: "delete", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 204},
	})
	var row string
	if err := s.DB.QueryRow(`SELECT users::text FROM users WHERE uid = $1`, ann.UID).Scan(&row); err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"secret", "Ann Lee", "pbkdf2"} {
		if strings.Contains(row, personal) {
			t.Errorf("the deleted account's row still has %q: %s", personal, row)
		}
	}
	n := s.Int(`SELECT (SELECT count(*) FROM temporary_passwords) + (SELECT count(*) FROM temporary_password_requests)`)
	if n != 0 {
		t.Errorf("%d temporary passwords and requests are left", n)
	}
}

// An account's many rows, and locks that others hold on them, do not delay the response.
func TestDeletionDoesNotWaitForTheAccountsRows(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	s.Post(eve, "hers")
	s.Exec(`INSERT INTO posts (owner_uid, content) SELECT $1, 'post' FROM generate_series(1, 150000)`, ann.UID)
	s.Exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT min(id), $1, 3 FROM posts`, ann.UID)
	s.Exec(`UPDATE posts SET reaction_3 = 1 WHERE owner_uid = $1`, eve.UID)

	tx, err := s.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM posts WHERE owner_uid = $1 FOR UPDATE`, eve.UID); err != nil {
		t.Fatal(err)
	}
	s.Run(t, []areatest.Step{
		{Name: "delete", As: ann, Do: "POST /user/deletion", Body: `{` + rightPassword + `}`, Want: 204},
		{Name: "deleted", Do: "GET /user/ann.1", Want: 404},
	})
	if n := s.Int(`SELECT count(*) FROM posts WHERE owner_uid = $1`, ann.UID); n != 150000 {
		t.Errorf("the request left %d posts, want all 150000 of them for maintenance", n)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}
