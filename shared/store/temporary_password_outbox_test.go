package store_test

import (
	"testing"
)

// Of two processes that claim a request one after the other, only the second one mails a password.
func TestAMailIsBegunOnlyByTheOneThatClaimsIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	ctx := t.Context()
	f.exec(`UPDATE users SET email = 'ann@example.org'`)
	if err := f.store.RequestTemporaryPassword(ctx, "user.1"); err != nil {
		t.Fatal(err)
	}
	first, found, err := f.store.ClaimTemporaryPasswordRequest(ctx)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	f.exec(`UPDATE temporary_password_requests SET due_at = now()`) // the first one took too long
	second, found, err := f.store.ClaimTemporaryPasswordRequest(ctx)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if _, _, claimed, err := f.store.BeginTemporaryPasswordMail(ctx, &first); err != nil || claimed {
		t.Errorf("the first process begins the mail: %v, %v", claimed, err)
	}
	if _, _, claimed, err := f.store.BeginTemporaryPasswordMail(ctx, &second); err != nil || !claimed {
		t.Errorf("the second process does not begin the mail: %v, %v", claimed, err)
	}
}
