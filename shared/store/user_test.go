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
	if ann.UID == 0 || ann.Role != "user" || ann.CreatedAt.IsZero() || ann.Name != "Ann" {
		t.Errorf("CreateUser: got %+v, want a UID, a role and a time", ann)
	}
	again := store.User{ID: strings.ToUpper(ann.ID), PasswordHash: "no password at all", Name: "Eve"}
	if err := f.store.CreateUser(ctx, &again); !is(err, apperror.Conflict) {
		t.Errorf("CreateUser with a taken ID: got %v, want Conflict", err)
	}
	if err := f.store.RequireFreeID(ctx, again.ID); !is(err, apperror.Conflict) {
		t.Errorf("RequireFreeID with a taken ID: got %v, want Conflict", err)
	}
	if err := f.store.RequireFreeID(ctx, "no ID\x00"); err != nil {
		t.Errorf("RequireFreeID with a malformed ID: got %v, want no error", err)
	}
	found, err := f.store.UserByID(ctx, again.ID)
	if err != nil || found.ID != ann.ID || found.UID != ann.UID {
		t.Errorf("UserByID: got %+v, %v, want %s", found, err, ann.ID)
	}
	credential, err := f.store.CredentialByID(ctx, again.ID)
	if err != nil || credential != (store.Credential{UID: ann.UID, Hash: ann.PasswordHash}) {
		t.Errorf("CredentialByID: got %+v, %v", credential, err)
	}
	if unknown, err := f.store.CredentialByID(ctx, "joe.1"); err != nil || unknown != (store.Credential{}) {
		t.Errorf("CredentialByID with an unknown ID: got %+v, %v, want an empty credential", unknown, err)
	}

	if err := f.store.DeleteAccount(ctx, credential); err != nil {
		t.Fatal(err)
	}
	if err := f.store.RequireFreeID(ctx, ann.ID); err != nil {
		t.Errorf("RequireFreeID after the deletion: got %v, want no error", err)
	}
	if deleted, err := f.store.CredentialByID(ctx, ann.ID); err != nil || deleted.UID != 0 {
		t.Errorf("CredentialByID after the deletion: got %+v, %v, want an empty credential", deleted, err)
	}
	if err := f.store.CreateUser(ctx, &again); err != nil || again.UID == ann.UID { // before any sweep
		t.Errorf("CreateUser after the deletion: got the UID %d, %v, want a new one", again.UID, err)
	}
	for method, err := range map[string]error{
		"Viewer":           second(f.store.Viewer(ctx, ann.UID)),
		"ViewerCredential": second(f.store.ViewerCredential(ctx, ann.UID, "00000000-0000-0000-0000-000000000000")),
		"SetNickname":      second(f.store.SetNickname(ctx, ann.UID, nil)),
		"SetIntro":         second(f.store.SetIntro(ctx, ann.UID, nil)),
	} {
		if !is(err, apperror.BadToken) {
			t.Errorf("%s after the deletion: got %v, want BadToken", method, err)
		}
	}
	if _, err := f.store.SetEmail(ctx, credential, nil); !is(err, apperror.Forbidden) {
		t.Errorf("SetEmail after the deletion: got %v, want Forbidden", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTextIsStoredAsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	for _, text := range []string{
		"'; DROP TABLE users; --", `\'`, `\`, "?", "?0 $1 %s", "\u1112\u1161\u11ab", "한",
		"👩‍👩‍👧", " \t\n", "\u200b\ufeff", "'\\''",
	} {
		user, err := f.store.SetIntro(t.Context(), f.users[0], &text)
		if err != nil {
			t.Fatal(err)
		}
		var stored string
		if err := f.db.QueryRow(`SELECT intro FROM users`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if stored != text || *user.Intro != text {
			t.Errorf("%q is stored as %q and returned as %q", text, stored, *user.Intro)
		}
	}
}
