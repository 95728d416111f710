package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/mail"
	"minifb/shared/testkit/smtpserver"
)

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
		"dies midway through the mail":  {"data=die", 0, 500, "mails_failed", 0, soonOrWhenItExpires},
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
