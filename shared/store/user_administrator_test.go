package store_test

import (
	"strings"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

func TestRequireAdministrator(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, user, deleted := t.Context(), f.users[0], f.users[1]
	if err := f.store.DeleteAccount(ctx, f.credential(deleted)); err != nil {
		t.Fatal(err)
	}
	err := f.store.RequireAdministrator(ctx, user)
	if e, ok := apperror.From(err); !ok || e.Code != apperror.Forbidden || e.Hint != "" {
		t.Errorf("a user without the role: got %v, want Forbidden with an empty hint", err)
	}
	if changed, err := f.store.GrantAdministrator(ctx, "USER.1"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if err := f.store.RequireAdministrator(ctx, user); err != nil {
		t.Errorf("an administrator: got %v", err)
	}
	if changed, err := f.store.RevokeAdministrator(ctx, "user.1"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if err := f.store.RequireAdministrator(ctx, user); !is(err, apperror.Forbidden) {
		t.Errorf("an administrator whose role was revoked: got %v, want Forbidden", err)
	}
	for name, uid := range map[string]int64{"a deleted account": deleted, "an unknown account": 1 << 40, "no user": 0} {
		if err := f.store.RequireAdministrator(ctx, uid); !is(err, apperror.BadToken) {
			t.Errorf("%s: got %v, want BadToken", name, err)
		}
	}
	closed := f.open("")
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := closed.RequireAdministrator(ctx, user); !store.IsOutage(err) {
		t.Errorf("without a database: got %v, want an outage", err)
	}
}

func TestRoleChangeRevokesSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, user, other := t.Context(), f.users[0], f.users[1]
	const sessions = `SELECT count(*) FROM sessions WHERE user_uid = $1`
	f.signIn(other)
	for _, step := range []struct {
		name    string
		set     func() (bool, error)
		changed bool
	}{
		{"grant", func() (bool, error) { return f.store.GrantAdministrator(ctx, "user.1") }, true},
		{"grant again", func() (bool, error) { return f.store.GrantAdministrator(ctx, "user.1") }, false},
		{"revoke", func() (bool, error) { return f.store.RevokeAdministrator(ctx, "user.1") }, true},
		{"revoke again", func() (bool, error) { return f.store.RevokeAdministrator(ctx, "user.1") }, false},
	} {
		f.signIn(user)
		before := f.int(sessions, user)
		changed, err := step.set()
		if err != nil || changed != step.changed {
			t.Errorf("%s: got %v, %v, want %v", step.name, changed, err, step.changed)
		}
		want := before
		if step.changed {
			want = 0
		}
		if n := f.int(sessions, user); n != want {
			t.Errorf("%s: the user has %d sessions, want %d", step.name, n, want)
		}
	}
	if n := f.int(sessions, other); n != 1 {
		t.Errorf("another user has %d sessions, want 1", n)
	}
	for _, id := range []string{"unknown.1", "x", ""} {
		if _, err := f.store.GrantAdministrator(ctx, id); !is(err, apperror.NotFound) {
			t.Errorf("ID %q: got %v, want NotFound", id, err)
		}
	}
}

func TestGrantAdministratorChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, checked := t.Context(), f.credential(f.users[0])
	outdated := checked
	outdated.Hash = "the hash of an earlier password"
	for name, c := range map[string]store.Credential{"outdated": outdated, "another user's": f.credential(f.users[1])} {
		if err := f.store.GrantAdministratorChecked(ctx, "user.1", c); !is(err, apperror.Forbidden) {
			t.Errorf("%s credential: got %v, want Forbidden", name, err)
		}
	}
	if err := f.store.GrantAdministratorChecked(ctx, "user.1", checked); err != nil {
		t.Error(err)
	}
	users, err := f.store.Administrators(ctx)
	if err != nil || len(users) != 1 || users[0].ID != "user.1" {
		t.Errorf("the administrators are %v, %v, want user.1", users, err)
	}
	if err := f.store.DeleteAccount(ctx, checked); err != nil {
		t.Fatal(err)
	}
	if users, err := f.store.Administrators(ctx); err != nil || len(users) != 0 {
		t.Errorf("after the deletion of the account the administrators are %v, %v, want none", users, err)
	}
}

func TestCreateAdministrator(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	ctx := t.Context()
	if err := f.store.CreateAdministrator(ctx, "a-long-administrator", "no password at all"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"A-Long-Administrator", "USER.1"} {
		if err := f.store.CreateAdministrator(ctx, id, "no password at all"); !is(err, apperror.Conflict) {
			t.Errorf("ID %s: got %v, want Conflict", id, err)
		}
	}
	users, err := f.store.Administrators(ctx)
	if err != nil || len(users) != 1 || !strings.HasPrefix(users[0].ID, users[0].Name) {
		t.Errorf("the administrators are %v, %v", users, err)
	}
}

func TestTemporaryPasswordRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 4)
	ctx := t.Context()
	for _, id := range []string{"USER.1", "user.2", "user.3", "user.4", "unknown.1"} {
		if err := f.store.RequestTemporaryPassword(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	// Users 2 and 3 have an address; the mails to user 3 have all failed. User 4 is deleted.
	f.exec(`UPDATE users SET email = 'ann@example.org' WHERE id IN ('user.2', 'user.3')`)
	f.exec(`UPDATE temporary_password_requests SET due_at = 'infinity' WHERE user_id = 'user.3'`)
	f.exec(`UPDATE users SET deleted_at = now() WHERE id = 'user.4'`)

	var ids []string
	for p := (store.Page{Size: 1}); ; {
		list, err := f.store.TemporaryPasswordRequests(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.Items {
			ids = append(ids, r.User.ID)
		}
		if p.After = list.Next; list.Next == "" {
			break
		}
	}
	if got := strings.Join(ids, " "); got != "user.3 user.1" {
		t.Errorf("the requests are of %q, want those of user.3 and user.1", got)
	}
	if _, err := f.store.TemporaryPasswordRequests(ctx, store.Page{Size: 1, After: "x"}); !is(err, apperror.Invalid) {
		t.Errorf("a bad key: got %v, want Invalid", err)
	}
}
