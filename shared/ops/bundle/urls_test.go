package bundle

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestURLsOfFunctionsAndOwner(t *testing.T) {
	t.Parallel()
	const functions, owner = "postgres://minifb_{function}@h/x", "postgres://minifb@h/x"
	u, err := ReadURLs(environment("DATABASE_URL", functions, "OWNER_DATABASE_URL", owner))
	if err != nil || u.Functions != functions || u.Owner != owner {
		t.Errorf("both: %s, %s, %v", u.Functions, u.Owner, err)
	}
	if u, err = ReadURLs(environment("DATABASE_URL", owner)); err != nil || u.Owner != owner {
		t.Errorf("one: %s, %v", u.Owner, err)
	}
}

func TestPingReportsNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://u:s3cret@localhost:port/x", "postgres://u:s3cret%zz@h/x",
		"postgres://u:1/s3cret@h/x", "postgres://u:s3cret/1@h/x", "postgres://u:s3cret#1@h/x",
		"postgres://u:1?s3cret@h/x",
		"host=/nonexistent password=s3cret user=u",
	} {
		u, err := ReadURLs(environment("DATABASE_URL", "postgres://h/x", "OWNER_DATABASE_URL", url))
		if err == nil {
			err = u.Ping(t.Context())
		}
		if err == nil || !strings.HasPrefix(err.Error(), "OWNER_DATABASE_URL: ") ||
			strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

func TestPingSaysWhy(t *testing.T) {
	t.Parallel()
	u, err := ReadURLs(environment("DATABASE_URL", "host=/nonexistent user=u"))
	if err != nil {
		t.Fatal(err)
	}
	err = u.Ping(t.Context())
	if want := "DATABASE_URL: cannot connect to /nonexistent:"; err == nil || !strings.HasPrefix(err.Error(), want) ||
		!strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("got %v", err)
	}
}

// A bundle that wants a database for itself does not touch one that functions use.
func TestDatabaseInUseIsRefused(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	b := New(Options{
		Source: "../../..", Dir: t.TempDir(), Areas: []string{"post"}, DatabaseURL: url, Alone: true, Logf: t.Logf,
	})
	for _, application := range []string{"timeline", "admin"} {
		s, err := store.Open(url, application, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if application == "timeline" {
			err = b.Start(t.Context())
			used, ok := errors.AsType[*InUseError](err)
			if !ok || !slices.Equal(used.Areas, []string{application}) ||
				!strings.Contains(err.Error(), "("+application+"): stop them") {
				t.Errorf("while %s is connected: %v", application, err)
			}
		} else if _, err := b.requireAlone(t.Context()); err != nil {
			t.Errorf("while %s is connected: %v", application, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
