package store_test

import (
	"strings"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

func TestUserID(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	ctx := t.Context()
	ann := store.User{ID: "Ann.~@+-_1", PasswordHash: "no password at all", Name: "Ann"}
	if err := f.store.CreateUser(ctx, &ann); err != nil {
		t.Fatal(err)
	}
	if ann.UID == 0 || ann.Role != "user" || ann.CreatedAt.IsZero() {
		t.Errorf("the database decided nothing: %+v", ann)
	}
	again := store.User{ID: strings.ToUpper(ann.ID), PasswordHash: "no password at all", Name: "Eve"}
	if err := f.store.CreateUser(ctx, &again); !is(err, apperror.Conflict) {
		t.Errorf("a taken ID: %v", err)
	}
	if err := f.store.RequireFreeID(ctx, again.ID); !is(err, apperror.Conflict) {
		t.Errorf("a taken ID: %v", err)
	}
	found, err := f.store.UserByID(ctx, again.ID)
	if err != nil || found.ID != ann.ID || found.UID != ann.UID {
		t.Errorf("found %+v, %v", found, err)
	}
	credential, err := f.store.CredentialByID(ctx, again.ID)
	if err != nil || credential != (store.Credential{UID: ann.UID, Hash: ann.PasswordHash}) {
		t.Errorf("found %+v, %v", credential, err)
	}
	if unknown, err := f.store.CredentialByID(ctx, "joe.1"); err != nil || unknown != (store.Credential{}) {
		t.Errorf("an unknown ID: %+v, %v", unknown, err)
	}

	if err := f.store.DeleteAccount(ctx, credential); err != nil {
		t.Fatal(err)
	}
	if err := f.store.RequireFreeID(ctx, ann.ID); err != nil {
		t.Errorf("the ID of a deleted account: %v", err)
	}
	if gone, err := f.store.CredentialByID(ctx, ann.ID); err != nil || gone.UID != 0 {
		t.Errorf("a deleted account signs in: %+v, %v", gone, err)
	}
	if err := f.store.CreateUser(ctx, &again); err != nil || again.UID == ann.UID { // before any sweep
		t.Errorf("the ID of a deleted account: %v", err)
	}
	for what, err := range map[string]error{
		"Viewer":           second(f.store.Viewer(ctx, ann.UID)),
		"ViewerCredential": second(f.store.ViewerCredential(ctx, ann.UID, "00000000-0000-0000-0000-000000000000")),
		"SetNickname":      second(f.store.SetNickname(ctx, ann.UID, nil)),
		"SetIntro":         second(f.store.SetIntro(ctx, ann.UID, nil)),
	} {
		if !is(err, apperror.BadToken) {
			t.Errorf("%s of a deleted account: %v", what, err)
		}
	}
	if _, err := f.store.SetEmail(ctx, credential, nil); !is(err, apperror.Forbidden) {
		t.Errorf("SetEmail of a deleted account: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// What bun writes into its SQL is quoted, whatever it is.
func TestTextIsStoredAsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	for _, text := range []string{"'; DROP TABLE users; --", `\'`, `\`, "?", "?0 $1 %s", "\u1112\u1161\u11ab", "한", "👩‍👩‍👧", " \t\n", "\u200b\ufeff", "'\\''"} {
		user, err := f.store.SetIntro(t.Context(), f.users[0], &text)
		if err != nil {
			t.Fatal(err)
		}
		var stored string
		if err := f.db.QueryRow(`SELECT intro FROM users`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if stored != text || *user.Intro != text {
			t.Errorf("%q became %q, shown as %q", text, stored, *user.Intro)
		}
	}
}
