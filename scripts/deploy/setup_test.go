package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"minifb/migrations"
	"minifb/shared/ops/envfile"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// A setupHost is a directory that stands for /etc/minifb and for what scripts/host sends, with a
// database in place of the host's.
type setupHost struct {
	etc, from, database string
}

func newSetupHost(t *testing.T) setupHost {
	t.Helper()
	h := setupHost{t.TempDir(), t.TempDir(), testdb.Empty(t, "")}
	h.write(t, filepath.Join(h.from, "roles.sql"), migrations.Roles)
	h.write(t, filepath.Join(h.from, "systemd", "minifb-auth.socket"), "")
	h.write(t, filepath.Join(h.from, "systemd", "minifb-post.socket"), "")
	return h
}

func (h setupHost) write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command with the functions of scripts/setup, and returns what it prints.
func (h setupHost) run(t *testing.T, command string) string {
	t.Helper()
	script, err := os.ReadFile("../setup")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "\nsay()")
	head, rest, _ := strings.Cut(rest, "\npackages=")
	_, rest, _ = strings.Cut(rest, "\n# put FILE")
	functions, _, found := strings.Cut(rest, "\n# The steps.")
	if !found {
		t.Fatal("scripts/setup has another structure than this test expects")
	}
	text := "say()" + head + "\n# put FILE" + functions + `
		server='127.0.0.1:5432/minifb?sslmode=disable'
		sql() { psql -qAtX -v ON_ERROR_STOP=1 "$database"; }
		postgresql() { echo "$1"; }
		` + command
	cmd := exec.Command("sh", "-euc", text)
	cmd.Env = append(os.Environ(), "etc="+h.etc, "from="+h.from, "database="+h.database)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return string(output)
}

// settings returns the settings in a file of the host.
func (h setupHost) settings(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(h.etc, file))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(h.etc, file)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s can be read by others: %v, %v", file, info.Mode(), err)
	}
	return envfile.Parse(string(content))
}

// checkRoles checks that each function has a URL with its own role and password, and that none has
// the owner's.
func (h setupHost) checkRoles(t *testing.T) {
	t.Helper()
	passwords := map[string]bool{}
	for _, area := range []string{"auth", "post"} {
		urls := h.settings(t, area+".env")
		if len(urls) == 0 {
			t.Fatalf("%s has no settings", area)
		}
		rest, ok := strings.CutPrefix(urls[len(urls)-1], "DATABASE_URL=postgres://minifb_"+area+":")
		password, server, _ := strings.Cut(rest, "@")
		if !ok || len(password) != 48 || server != "127.0.0.1:5432/minifb?sslmode=disable" || passwords[password] {
			t.Errorf("%s has the settings %q", area, urls)
		}
		passwords[password] = true
	}
	for _, setting := range h.settings(t, "minifb.env") {
		if strings.HasPrefix(setting, "DATABASE_URL=") {
			t.Errorf("all functions have %s", setting)
		}
	}
}

// ownURL is the setting that scripts/setup writes on a host with a PostgreSQL of its own.
const ownURL = "DATABASE_URL=\"postgres://minifb:00ff@127.0.0.1:5432/minifb?sslmode=disable\"\n"

// otherURLs are settings that an operator has written, some of them for a PostgreSQL on the same machine.
var otherURLs = []string{
	"DATABASE_URL=\"postgres://minifb@db.internal:5432/minifb\"\n",
	"DATABASE_URL=\"postgres://minifb:00ff@127.0.0.1:5432/minifb\"\n",
	"DATABASE_URL=\"postgres://minifb:00ff@127.0.0.1:6432/minifb?sslmode=disable\"\n",
	"DATABASE_URL=\"postgres://minifb:secret@127.0.0.1:5432/minifb?sslmode=disable\"\n",
	"DATABASE_URL=\"postgres://minifb:00ff@127.0.0.1:5432/minifb?sslmode=disable&host=db.internal\"\n",
	"DATABASE_URL=postgres://minifb:00ff@127.0.0.1:5432/minifb?sslmode=disable\n",
	"DATABASE_URL=postgres://minifb@/minifb?host=/run/postgresql\n",
	"  DATABASE_URL=postgres://u:p@localhost/minifb\n",
}

//nolint:paralleltest // the passwords are of roles that all databases share
func TestSetupGivesEachFunctionItsRole(t *testing.T) {
	h := newSetupHost(t)
	h.write(t, filepath.Join(h.etc, "migrate.env"), ownURL)
	h.write(t, filepath.Join(h.etc, "minifb.env"), "ERROR_HINT=generic\n")
	h.write(t, filepath.Join(h.etc, "post.env"), "LIMITS=off\n")
	h.run(t, "give_roles")
	h.checkRoles(t)
	post := h.settings(t, "post.env")
	if post[0] != "LIMITS=off" || !slices.Contains(h.settings(t, "minifb.env"), "ERROR_HINT=generic") {
		t.Error("other settings are lost")
	}
	h.run(t, "give_roles")
	if again := h.settings(t, "post.env"); !slices.Equal(again, post) {
		t.Errorf("the second run made %q of %q", again, post)
	}
}

// On a host from before the roles, every function works at every step of the upgrade.
//
//nolint:paralleltest // the passwords are of roles that all databases share
func TestSetupUpgradesAHostFromBeforeTheRoles(t *testing.T) {
	h := newSetupHost(t)
	h.write(t, filepath.Join(h.etc, "minifb.env"), ownURL)
	db := testdb.Open(t, h.database)
	if _, err := db.Exec(`CREATE TABLE users (uid bigint)`); err != nil { // from an earlier release
		t.Fatal(err)
	}
	if output := h.run(t, "give_roles"); !strings.Contains(output, "MIGRATE=1, and run this again") {
		t.Errorf("it does not say how to go on: %s", output)
	}
	if h.settings(t, "post.env") != nil || len(h.settings(t, "minifb.env")) != 1 {
		t.Error("the functions do not connect as the owner any more")
	}
	if urls := h.settings(t, "migrate.env"); !slices.Equal(urls, h.settings(t, "minifb.env")) {
		t.Errorf("the migrations connect with %q", urls)
	}
	if _, err := db.Exec(`DROP TABLE users`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), h.database); err != nil {
		t.Fatal(err)
	}
	h.run(t, "give_roles")
	h.checkRoles(t)
	if urls := h.settings(t, "migrate.env"); len(urls) != 1 || !strings.Contains(urls[0], "postgres://minifb:00ff@") {
		t.Errorf("the migrations connect with %q", urls)
	}
}

// A host that moves to another PostgreSQL uses it in all functions, but for one with a URL that the
// operator has given it.
//
//nolint:paralleltest // the passwords are of roles that all databases share
func TestSetupMovesToAnotherPostgreSQL(t *testing.T) {
	h := newSetupHost(t)
	h.write(t, filepath.Join(h.etc, "migrate.env"), ownURL)
	h.write(t, filepath.Join(h.etc, "post.env"), "LIMITS=off\n")
	h.run(t, "give_roles")
	h.checkRoles(t)
	const replica = `DATABASE_URL=postgres://minifb_timeline:00ff@replica.internal:5432/minifb?sslmode=disable`
	h.write(t, filepath.Join(h.etc, "timeline.env"), replica+"\n")
	h.write(t, filepath.Join(h.from, "database-url"), "postgres://minifb_{function}@db.internal/minifb")
	h.write(t, filepath.Join(h.from, "owner-url"), "postgres://minifb@db.internal/minifb")
	h.run(t, "use_other")
	for file, want := range map[string][]string{
		"minifb.env":   {"DATABASE_URL=postgres://minifb_{function}@db.internal/minifb"},
		"migrate.env":  {"DATABASE_URL=postgres://minifb@db.internal/minifb"},
		"auth.env":     nil,
		"post.env":     {"LIMITS=off"},
		"timeline.env": {replica},
	} {
		if got := h.settings(t, file); !slices.Equal(got, want) {
			t.Errorf("%s has the settings %q, want %q", file, got, want)
		}
	}
}

// A host that exists gets new settings of PostgreSQL too. PostgreSQL restarts only if it has to.
func TestSetupConfiguresPostgreSQL(t *testing.T) {
	t.Parallel()
	h := setupHost{etc: t.TempDir()}
	file := filepath.Join(h.etc, "minifb.conf")
	configure := func(change, want string) {
		t.Helper()
		if got := strings.TrimSpace(h.run(t, `configure "$etc/minifb.conf"`)); got != want {
			t.Errorf("%s: PostgreSQL gets a %q, want %q", change, got, want)
		}
	}
	configure("the first run", "restart")
	current, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	configure("no change", "")
	for _, c := range []struct{ old, want string }{
		{"ssl = off", "reload"}, {"max_connections = 300", "restart"}, {"shared_buffers = ", "restart"},
	} {
		before := strings.Replace(string(current), c.old, c.old+"1", 1)
		if before == string(current) {
			t.Fatalf("%s is not set", c.old)
		}
		h.write(t, file, before)
		configure(c.old, c.want)
		if after, err := os.ReadFile(file); err != nil || string(after) != string(current) {
			t.Errorf("%s: the settings are %s, %v", c.old, after, err)
		}
	}
	// The memory of a machine differs a little after an update of its kernel.
	buffers := regexp.MustCompile(`(?m)^shared_buffers = (\d+)MB$`).FindSubmatch(current)
	if size, err := strconv.Atoi(string(buffers[1])); err != nil || size < 64 || size%64 != 0 {
		t.Errorf("shared_buffers are %d MB, %v", size, err)
	}
	h.write(t, file, "max_connections = 100\n")
	h.run(t, restartFails+`configure "$etc/minifb.conf"`)
	configure("PostgreSQL did not restart", "restart")
	if files, err := os.ReadDir(h.etc); err != nil || len(files) != 1 {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

// restartFails makes a restart of PostgreSQL fail, and what runs it succeed all the same.
const restartFails = `postgresql() { return 1; }; trap 'exit 0' EXIT; `

// PostgreSQL restarts until it archives WAL.
func TestSetupTurnsTheArchiveOn(t *testing.T) {
	t.Parallel()
	h := setupHost{etc: t.TempDir(), from: t.TempDir()}
	h.write(t, filepath.Join(h.from, "archive.conf"), "archive_mode = on\n")
	const archive = `runuser() { for last; do :; done; echo "$last"; }; archive "$etc/minifb-archive.conf"`
	for _, c := range []struct{ command, want string }{
		{restartFails + archive, ""}, {archive, "restart\nstanza-create\ncheck\n"}, {archive, "stanza-create\ncheck\n"},
	} {
		if got := h.run(t, c.command); got != c.want {
			t.Errorf("%s: %q, want %q", c.command, got, c.want)
		}
	}
}

// scripts/host refuses wrong URLs before it creates anything.
func TestHostRefusesWrongURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, owner, want string }{
		{"postgres://minifb_{function}@h/minifb", "", "set OWNER_DATABASE_URL"},
		{"postgres://h/minifb\n", "", "must be one line"},
		{"postgres://h/minifb", "postgres://h/\nminifb", "must be one line"},
	} {
		keys := t.TempDir()
		cmd := exec.Command("sh", "../host", "host.invalid")
		cmd.Env = append(os.Environ(), "DATABASE_URL="+c.url, "OWNER_DATABASE_URL="+c.owner, "KEYS="+keys)
		output, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(output), c.want) {
			t.Errorf("%q, %q: %v: %s", c.url, c.owner, err, output)
		}
		if files, err := os.ReadDir(keys); err != nil || len(files) > 0 {
			t.Errorf("%q, %q: KEYS has %v, %v", c.url, c.owner, files, err)
		}
	}
}
