package api_test

import (
	"testing"

	"minifb/shared/testkit/areatest"
)

// A session that a temporary password opened gets 403 from every kind of route that reads a token,
// until it has changed the password. Its access token outlives the change.
func TestRestrictedSessionMayOnlyChangeThePassword(t *testing.T) {
	t.Parallel()
	b := serve(t)
	root := b.Administrator("root")
	restricted, _ := b.SignInRestricted(root)
	const hint = "This session was opened with a temporary password; change the password by PATCH /user/password first."
	steps := func(want int, hint string) (steps []areatest.Step) {
		for _, do := range []string{
			"GET /who/optional", "GET /who/signed-in", "GET /who/administrator", "GET /own", "PUT /note",
		} {
			step := areatest.Step{Name: do, As: restricted, Do: do, Want: want, Hint: hint}
			if do == "PUT /note" {
				step.Body = `{"text":"a"}`
			}
			steps = append(steps, step)
		}
		return append(steps,
			areatest.Step{Name: "the password", As: restricted, Do: "GET /who/password", Want: 200},
			areatest.Step{Name: "without a token", Do: "GET /who/optional", Want: 200},
			areatest.Step{Name: "another session", As: root, Do: "GET /own", Want: 200},
			areatest.Step{Name: "public", As: restricted, Do: "GET /who/public", Want: 200})
	}
	b.Run(t, steps(403, hint))
	b.Run(t, []areatest.Step{
		{Name: "before the body", As: restricted, Do: "PUT /note", Body: `{`, Want: 403, Hint: hint},
		{Name: "after the route", As: restricted, Do: "GET /nothing", Want: 404},
	})
	b.Exec(`UPDATE sessions SET temporary_hash = NULL, restricted = false WHERE id = $1`, restricted.Session)
	b.Run(t, steps(200, ""))
	b.Exec(`DELETE FROM sessions WHERE id = $1`, restricted.Session)
	b.Run(t, []areatest.Step{{Name: "revoked", As: restricted, Do: "GET /who/optional", Want: 401}})
}

// Only the tokens of such sessions cost a statement.
func TestFullSessionsCostNoStatement(t *testing.T) {
	t.Parallel()
	b := serve(t)
	ann := b.User("ann.1")
	restricted, _ := b.SignInRestricted(ann)
	deps := b.Deps
	counted, executed := b.CountStatements(t)
	deps.Store = counted
	url := areatest.Serve(t, routes, deps)
	for as, want := range map[*areatest.Caller]int64{ann: 0, restricted: 1} {
		before := executed()
		areatest.Do(t, url, areatest.Step{As: as, Do: "GET /who/signed-in"})
		if n := executed() - before; n != want {
			t.Errorf("%d statements, want %d", n, want)
		}
	}
}
