package main

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

// A session of a temporary password changes the password with that one or with the real one, and is
// a full session from then on.
func TestChangePasswordInARestrictedSession(t *testing.T) {
	t.Parallel()
	for _, with := range []string{"the temporary password", "the real password"} {
		t.Run(with, func(t *testing.T) {
			t.Parallel()
			b := areatest.New(t, routes)
			ann := b.User("ann.1")
			restricted, temporary := b.SignInRestricted(ann)
			second, _ := b.SignInRestricted(ann)
			current := temporary
			if with == "the real password" {
				current = areatest.Password
			}
			change := func(name string, as *areatest.Caller, current string, want int) areatest.Step {
				body := `{"password":"` + current + `","new_password":"another password"}`
				return areatest.Step{Name: name, As: as, Do: "PATCH /user/password", Body: body, Want: want}
			}
			deletion := `{"password":"` + temporary + `"}`
			b.Run(t, []areatest.Step{
				{Name: "restricted", As: restricted, Do: "GET /user", Want: 403},
				{Name: "restricted, optional token", As: restricted, Do: "GET /user/ann.1", Want: 403},
				{Name: "deletion", As: restricted, Do: "POST /user/deletion", Body: deletion, Want: 403},
				change("a wrong one", restricted, "not the password", 403),
				change("of another session", second, temporary, 403),
				change("in a full session", ann, temporary, 403),
				change("right", restricted, current, 204),
				{Name: "full", As: restricted, Do: "GET /user", Want: 200},
				{Name: "full, optional token", As: restricted, Do: "GET /user/ann.1", Want: 200},
				change("the temporary one again", restricted, temporary, 403),
				change("the new one", restricted, "another password", 204),
			})
			if n := b.Int(`SELECT count(*) FROM sessions`); n != 1 {
				t.Errorf("%d sessions are left, want the one that changed the password", n)
			}
		})
	}
}

// A password change by a full session ends the restricted one and the temporary password.
func TestChangePasswordEndsRestrictedSessions(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.SignInRestricted(ann)
	if _, _, err := b.Store.IssueTemporaryPassword(t.Context(), ann.UID); err != nil {
		t.Fatal(err)
	}
	if err := b.Store.RequestTemporaryPassword(t.Context(), "ANN.1"); err != nil {
		t.Fatal(err)
	}
	b.Run(t, []areatest.Step{
		{Name: "change", As: ann, Do: "PATCH /user/password",
			Body: `{` + rightPassword + `,"new_password":"another password"}`, Want: 204},
	})
	for what, query := range map[string]string{
		"restricted sessions":             `SELECT count(*) FROM sessions WHERE restricted`,
		"temporary passwords":             `SELECT count(*) FROM temporary_passwords`,
		"requests for temporary password": `SELECT count(*) FROM temporary_password_requests`,
	} {
		if n := b.Int(query); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
}
