package mail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"minifb/shared/mail"
)

var fileName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-temporary-password\.[0-9a-f]{24}\.eml$`)

func TestEachMailBecomesAFile(t *testing.T) {
	t.Parallel()
	s, dir := toDir(t)
	if !s.Configured() {
		t.Error("it is not configured")
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	for n := range 3 {
		account := mail.Account{Email: fmt.Sprintf("ann%d@example.org", n), Name: "앤", ID: "ann.01"}
		if err := s.Send(t.Context(), mail.TemporaryPassword(int64(n), account, temporary, expires)); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode() != 0o600 || !fileName.MatchString(entry.Name()) {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	for n, text := range files(t, dir) { // in the order of their names, which is the order of sending
		header, gotSubject, gotBody := parse(t, text)
		to := fmt.Sprintf("<ann%d@example.org>", n)
		if header.Get("To") != to || gotSubject != subject || gotBody != body {
			t.Errorf("mail %d is:\n%s", n, text)
		}
	}
}

func TestConcurrentFilesAreWhole(t *testing.T) {
	t.Parallel()
	s, dir := toDir(t)
	var group sync.WaitGroup
	for n := range 100 {
		group.Go(func() {
			if err := s.Send(t.Context(), mail.TemporaryPassword(int64(n), ann, temporary, expires)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	var ids []string
	for _, text := range files(t, dir) {
		header, _, gotBody := parse(t, text)
		ids = append(ids, header.Get("Message-ID"))
		if gotBody != body {
			t.Errorf("the mail is:\n%s", text)
		}
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 100 {
		t.Errorf("%d mails are stored", n)
	}
}

func TestDirectoryFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.New(mail.Settings{Dir: file}); err == nil {
		t.Error("a file is taken for the directory")
	}
	s, mails := toDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Send(ctx, message)
	failed(t, err, false, false, "storing the mail: context canceled")
	if !errors.Is(err, context.Canceled) || len(files(t, mails)) != 0 {
		t.Error("a mail is stored after the context's end")
	}
	if err := os.Remove(mails); err != nil {
		t.Fatal(err)
	}
	failed(t, s.Send(t.Context(), message), false, false, "storing the mail: open ")
}

func TestMailThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	s, err := mail.New(mail.Settings{})
	if err != nil || s.Configured() {
		t.Errorf("%v, %t", err, s.Configured())
	}
	if err := s.Send(t.Context(), message); !errors.Is(err, mail.ErrNotConfigured) {
		t.Errorf("Send returns %v", err)
	}
}

func TestExpiryIsShownInItsOwnLocation(t *testing.T) {
	t.Parallel()
	_, _, got := parse(t, send(t, mail.TemporaryPassword(1, ann, temporary, expires.In(time.UTC))))
	for _, want := range []string{"2026년 11월 25일 14:14 (UTC+00:00)까지", "25 November 2026, 14:14 (UTC+00:00)."} {
		if !regexp.MustCompile(regexp.QuoteMeta(want)).MatchString(got) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}
