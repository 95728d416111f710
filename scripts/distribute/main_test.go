package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"minifb/shared/testkit/testdb"
)

const asMain = "DISTRIBUTE_TEST_AS_MAIN"

// TestMain makes the test binary the command itself, where asMain is set.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A database that cannot be distributed is refused with what to do, and stays as it is.
func TestRefusals(t *testing.T) {
	t.Parallel()
	plain := testdb.URL(t)
	for name, test := range map[string]struct {
		url  string
		code int
		want string
	}{
		"no URL":            {"", 2, "DATABASE_URL is not set"},
		"not a URL":         {"minifb", 1, "distribute: "},
		"no Citus":          {plain, 1, "the database has no Citus; create the extension on each server"},
		"an empty database": {testdb.Empty(t, ""), 1, "the database has no Citus"},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{asMain + "=1", "DATABASE_URL=" + test.url, "GOCOVERDIR=" + t.TempDir()}
		output, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(output), test.want) {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, code, output, test.code, test.want)
		}
	}
	var kind string
	if err := testdb.Open(t, plain).QueryRow(`
		SELECT relkind FROM pg_class WHERE relname = 'people'`).Scan(&kind); err != nil || kind != "v" {
		t.Errorf("people has become %q, %v", kind, err)
	}
}
