package store_test

import (
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
	if err := f.store.EnsureAdmin(ctx, "user.1", "no password at all"); err != nil {
		t.Fatal(err)
	}
	if err := f.store.RequireAdministrator(ctx, user); err != nil {
		t.Errorf("an administrator: got %v", err)
	}
	f.exec(`UPDATE users SET role = 'user' WHERE uid = $1`, user)
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
