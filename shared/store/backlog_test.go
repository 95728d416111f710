package store_test

import (
	"testing"
	"time"

	"minifb/shared/store"
)

func TestBacklog(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	if got, err := f.store.Backlog(t.Context()); err != nil || got != (store.Backlog{}) {
		t.Errorf("of an empty database: %+v, %v", got, err)
	}
	f.exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, f.users[0])
	f.exec(`INSERT INTO temporary_password_requests (user_id, created_at, due_at) VALUES
		('stands', now() - interval '2 days', 'infinity'),
		('is.due', now() - interval '1 minute', now()),
		('is.claimed', now() - interval '1 hour', now() + interval '1 minute')`)
	got, err := f.store.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	age := got.OldestMail
	got.OldestMail = 0
	want := store.Backlog{MailsDue: 1, MailsStanding: 1, DeletedAccounts: 1}
	if got != want || age < time.Hour || age > 2*time.Hour {
		t.Errorf("got %+v and a mail of %s, want %+v and an hour", got, age, want)
	}
}
