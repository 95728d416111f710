package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/mail"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/smtpserver"
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
	standing      = `due_at = 'infinity'`
	inAMinute     = `due_at BETWEEN now() + interval '30 seconds' AND now() + interval '1 minute'`
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
			pause := min(time.Hour, time.Minute<<(attempt-1)) //nolint:gosec // small
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

// TestMailServer sends mails to a real server process that fails in different ways.
func TestMailServer(t *testing.T) {
	t.Parallel()
	binary, err := smtpserver.Build(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	start := func(t *testing.T, f *fixture, flags ...string) *smtpserver.Server {
		server, err := smtpserver.Start(binary, t.TempDir(), flags...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		f.Deps.Mail = mail.Settings{SMTPURL: "smtp://" + server.Address + "?from=minifb@example.org"}
		return server
	}
	stored := func(t *testing.T, server *smtpserver.Server) []string {
		mails, err := server.Mails()
		if err != nil {
			t.Fatal(err)
		}
		return mails
	}
	for name, c := range map[string]struct {
		action  string
		timeout time.Duration // of the call; 0: a minute
		status  int
		done    string // what happened to the one mail
		mails   int    // that the server has stored
		left    string // what is true of the request afterwards
	}{
		"refuses the recipient":         {"rcpt=550", 0, 200, "mails_refused", 0, standing},
		"refuses for now":               {"rcpt=451", 0, 500, "mails_failed", 0, inAMinute},
		"hangs at the greeting":         {"greeting=hang", 5 * time.Second, 500, "mails_failed", 0, inAMinute},
		"hangs after the mail":          {"end=hang", 5 * time.Second, 500, "mails_failed", 1, whenItExpires},
		"dies at the recipient":         {"rcpt=die", 0, 500, "mails_failed", 0, inAMinute},
		"dies midway through the mail":  {"data=die", 0, 500, "mails_failed", 0, "(" + inAMinute + " OR " + whenItExpires + ")"},
		"dies after it stored the mail": {"end=die", 0, 500, "mails_failed", 1, whenItExpires},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			server := start(t, f, "-at", c.action)
			f.request(t, 1)
			if c.timeout != 0 {
				f.timeout = c.timeout
			}
			begun := time.Now()
			got := f.call(t)
			if got.status != c.status || time.Since(begun) > 30*time.Second {
				t.Errorf("status %d after %s: %s", got.status, time.Since(begun), got.body)
			}
			if !strings.Contains(f.log.String(), c.done+":1") {
				t.Errorf("the log does not have %s:1: %s", c.done, f.log.String())
			}
			if f.requests(c.left) != 1 {
				var row string
				_ = f.DB.QueryRow(`SELECT r::text FROM temporary_password_requests r`).Scan(&row)
				t.Errorf("the request is %s, want %s", row, c.left)
			}
			f.call(t) // sends nothing again
			if mails := stored(t, server); len(mails) != c.mails {
				t.Errorf("%d mails, want %d", len(mails), c.mails)
			}
		})
	}
	t.Run("a mail that was refused for now is sent by a later call", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		server := start(t, f, "-at", "mail=451:1")
		f.request(t, 1)
		f.call(t)
		f.Exec(`UPDATE temporary_password_requests SET due_at = now()`)
		if done := f.mustCall(t); done["mails_sent"] != 1 || len(stored(t, server)) != 1 || f.requests("true") != 0 {
			t.Errorf("%v, %d mails, %d requests", done, len(stored(t, server)), f.requests("true"))
		}
	})
	t.Run("two calls at once send each mail once", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		server := start(t, f)
		ids := f.request(t, 30)
		second := &fixture{Server: f.Server, timeout: f.timeout}
		var both sync.WaitGroup
		for _, f := range []*fixture{f, second} {
			both.Go(func() {
				if c := f.call(t); c.status != http.StatusOK {
					t.Errorf("status %d: %s", c.status, c.body)
				}
			})
		}
		both.Wait()
		all := strings.Join(stored(t, server), "\n")
		for _, id := range ids {
			if n := strings.Count(all, "To: <"+strings.ToLower(id)+"@example.org>"); n != 1 {
				t.Errorf("%d mails to %s, want 1", n, id)
			}
		}
	})
}
