package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"minifb/shared/mail"
	"minifb/shared/testkit/areatest"
)

// request makes this number of accounts with an email, and requests a temporary password for each.
func (f *fixture) request(t *testing.T, accounts int) (ids []string) {
	t.Helper()
	for n := range accounts {
		id := fmt.Sprintf("User.%d", n)
		f.User(id)
		f.Exec(`UPDATE users SET email = lower(id) || '@example.org' WHERE id = $1`, id)
		if err := f.Store.RequestTemporaryPassword(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// requests returns how many requests satisfy a condition.
func (f *fixture) requests(condition string) int {
	return f.Int(`SELECT count(*) FROM temporary_password_requests WHERE ` + condition)
}

const (
	standing            = `due_at = 'infinity'`
	inAMinute           = `due_at BETWEEN now() + interval '30 seconds' AND now() + interval '1 minute'`
	soonOrWhenItExpires = "(" + inAMinute + " OR " + whenItExpires + ")"

	whenItExpires = `due_at = (SELECT expires_at FROM temporary_passwords) AND due_at > now() + interval '29 minutes'`
)

var temporaryPassword = regexp.MustCompile(`\b([0-9a-z]{4}-){4}[0-9a-z]{4}\b`)

// Without SMTP_URL each mail becomes a file. Its password opens the account.
func TestTemporaryPasswordIsMailed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	id := f.request(t, 1)[0]
	if done := f.mustCall(t); done["mails_sent"] != 1 {
		t.Errorf("%v, want 1 mail", done)
	}
	files, err := filepath.Glob(filepath.Join(f.Deps.Mail.Dir, "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v, want 1 file", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	credential, err := f.Store.CredentialByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if password := temporaryPassword.FindString(string(text)); !credential.IsTemporary(password) {
		t.Errorf("the mail has the temporary password %q, which is not the account's", password)
	}
	if f.requests("true") != 0 {
		t.Error("the request is left")
	}
}

func TestRequestsThatCannotBeMailed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.request(t, 1)
	f.User("without.email")
	for _, id := range []string{"without.email", "nobody"} {
		if err := f.Store.RequestTemporaryPassword(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	// Without settings every request of an account waits for an administrator.
	if done := f.mustCall(t); done["requests_settled"] != 3 {
		t.Errorf("%v, want 3 requests settled", done)
	}
	if f.requests(standing) != 2 || f.requests("true") != 2 {
		t.Errorf("%d of %d requests wait for an administrator, want 2 of 2", f.requests(standing), f.requests("true"))
	}
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	f.Exec(`UPDATE temporary_password_requests SET due_at = now()`)
	if done := f.mustCall(t); done["mails_sent"] != 1 || done["requests_settled"] != 1 {
		t.Errorf("%v, want 1 mail, and 1 request settled", done)
	}
	if f.requests(standing+` AND user_id = 'without.email'`) != 1 {
		t.Error("the request of an account without an email does not wait for an administrator")
	}
}

func TestMailDirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Deps.Mail = mail.Settings{Dir: filepath.Join(file, "mail")}
	if c := f.call(t); c.status != http.StatusInternalServerError || !strings.Contains(c.body, "MAIL_DIR") {
		t.Errorf("status %d: %s", c.status, c.body)
	}
}

// Shortly before the end of its time a call begins no more mails: one that is cut off may have been
// delivered.
func TestMailsAreLeftToTheNextCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	const senders = 4 // a mail server that is slow delays one of them
	f.request(t, senders+2)
	f.timeout = sendTime - time.Second
	if done := f.mustCall(t); done["mails_sent"] != senders {
		t.Errorf("%v, want one mail of each of the %d senders", done, senders)
	}
	f.timeout = time.Minute
	if done := f.mustCall(t); done["mails_sent"] != 2 {
		t.Errorf("%v, want the other 2 mails", done)
	}
}

func TestTemporaryPasswordThatCannotBeStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	f.request(t, 1)
	f.Exec(`ALTER TABLE temporary_passwords RENAME COLUMN hash TO lost`)
	if c := f.call(t); c.status != http.StatusInternalServerError || f.requests("attempts = 1") != 1 {
		t.Errorf("status %d: %s", c.status, c.body)
	}
}

// A process that dies after it has claimed a request leaves it to the next call after the claim.
func TestProcessKilledBetweenClaimAndSend(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	f.request(t, 1)
	if _, found, err := f.Store.ClaimTemporaryPasswordRequest(t.Context()); err != nil || !found {
		t.Fatal(found, err)
	}
	if done := f.mustCall(t); done["mails_sent"] != 0 {
		t.Errorf("%v: a claimed request was mailed by another process", done)
	}
	f.Exec(`UPDATE temporary_password_requests SET due_at = due_at - interval '2 minutes'`)
	if done := f.mustCall(t); done["mails_sent"] != 1 {
		t.Errorf("%v: the request was not mailed after the claim", done)
	}
}

// A process that dies while it sends may have delivered the mail, so there is no other one before
// the temporary password has expired.
func TestProcessKilledWhileItSends(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{Dir: t.TempDir()}
	f.request(t, 1)
	request, _, err := f.Store.ClaimTemporaryPasswordRequest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stale := request
	if _, _, claimed, err := f.Store.BeginTemporaryPasswordMail(t.Context(), &request); err != nil || !claimed {
		t.Fatal(claimed, err)
	}
	if f.requests(whenItExpires) != 1 {
		t.Error("the request is due before the temporary password expires")
	}
	// Whoever holds the old claim cannot send a mail with it.
	if _, _, claimed, err := f.Store.BeginTemporaryPasswordMail(t.Context(), &stale); err != nil || claimed {
		t.Errorf("claimed is %v, %v, want false", claimed, err)
	}
}

// The account is deleted, or its owner asks again, while a mail is on its way.
func TestRequestThatChangesWhileItIsMailed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.request(t, 1)[0]
	request, _, err := f.Store.ClaimTemporaryPasswordRequest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Store.RequestTemporaryPassword(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := f.Store.CompleteTemporaryPasswordRequest(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if f.requests(`due_at <= now()`) != 1 {
		t.Error("the second request was lost with the first")
	}
	f.deleteAccount(t, &areatest.Caller{ID: id})
	if _, _, claimed, err := f.Store.BeginTemporaryPasswordMail(t.Context(), &request); err != nil || claimed {
		t.Errorf("claimed is %v, %v, want false for a deleted account", claimed, err)
	}
}

// The pauses between mails grow to an hour, and end after a day.
func TestMailIsRetriedForADay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Deps.Mail = mail.Settings{SMTPURL: "smtp://127.0.0.1:1?from=minifb@example.org"} // port 1 is closed
	f.request(t, 1)
	var waited time.Duration
	for attempt := 1; f.requests(standing) == 0; attempt++ {
		if attempt > 100 {
			t.Fatal("there is no end")
		}
		f.Exec(`UPDATE temporary_password_requests SET due_at = now()`)
		if c := f.call(t); c.status != http.StatusInternalServerError || strings.Contains(c.body, "user.0") {
			t.Fatalf("status %d: %s", c.status, c.body)
		}
		if f.requests(standing) == 0 {
			seconds := f.Int(`SELECT round(extract(epoch FROM due_at - now())) FROM temporary_password_requests`)
			pause := min(time.Hour, time.Minute<<(attempt-1))
			if pause <= 0 {
				pause = time.Hour
			}
			if difference := pause - time.Duration(seconds)*time.Second; difference.Abs() > 20*time.Second {
				t.Errorf("attempt %d: the pause is %d s, want %s", attempt, seconds, pause)
			}
			waited += pause
		}
	}
	if waited < 23*time.Hour || waited > 25*time.Hour {
		t.Errorf("mails were tried for %s, want a day", waited)
	}
}
