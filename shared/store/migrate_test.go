package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/migrations"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// empty makes a database with nothing in it, not even the schema, and answers where it is.
func empty(t *testing.T, options string) string {
	t.Helper()
	server := os.Getenv(testdb.Variable)
	db := testdb.Open(t, server)
	name := fmt.Sprintf("migrate_%d_%s", time.Now().UnixNano(), strings.ToLower(strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())))
	name = name[:min(len(name), 63)]
	if _, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE template0 " + options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func steps(t *testing.T) (all []string) {
	t.Helper()
	entries, err := migrations.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name, up := strings.CutSuffix(entry.Name(), ".tx.up.sql"); up {
			all = append(all, name)
		}
	}
	return all
}

func ready(t *testing.T, address string) error {
	t.Helper()
	s, err := store.Open(address, "ready", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Ready(t.Context())
}

// Twenty processes that start at once migrate an empty database once, and all find it done.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := empty(t, "")
	var mu sync.Mutex
	var taken []string
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			steps, err := store.Migrate(t.Context(), address)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			taken = append(taken, steps...)
		})
	}
	all.Wait()
	if want := steps(t); fmt.Sprint(taken) != fmt.Sprint(want) {
		t.Errorf("the steps %v were taken, want %v", taken, want)
	}
	if err := ready(t, address); err != nil {
		t.Error(err)
	}
}

// Every step can be taken back, leaves nothing, and can be taken again.
func TestMigrateDown(t *testing.T) {
	t.Parallel()
	address := empty(t, "")
	db := testdb.Open(t, address)
	schema := func() (described string) {
		err := db.QueryRow(`SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
			SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'bun%'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'bun%'
			UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'bun%'
			UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal) AS all_of_it (line)`).Scan(&described)
		if err != nil {
			t.Fatal(err)
		}
		return described
	}
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	first := schema()
	all := steps(t)
	for _, step := range slices.Backward(all) {
		down, err := migrations.Files.ReadFile(step + ".tx.down.sql")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(down)); err != nil {
			t.Fatalf("%s down: %v", step, err)
		}
		if _, err := db.Exec("DELETE FROM bun_migrations WHERE name = split_part($1, '_', 1)", step); err != nil {
			t.Fatal(err)
		}
	}
	if left := schema(); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
	if err := ready(t, address); err == nil || !strings.Contains(err.Error(), "migrate first") {
		t.Errorf("ready without a schema: %v", err)
	}
	if taken, err := store.Migrate(t.Context(), address); err != nil || len(taken) != len(all) {
		t.Errorf("up again: %v, %v", taken, err)
	}
	if again := schema(); again != first {
		t.Errorf("another schema than the first time:\n%s", again)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	if taken, err := store.Migrate(t.Context(), testdb.URL(t)); err != nil || len(taken) != 0 {
		t.Errorf("%v, %v", taken, err)
	}
}

// A step and the note that it was taken are one transaction: whoever dies in between leaves neither.
func TestMigrateNotesWithTheStep(t *testing.T) {
	t.Parallel()
	address := empty(t, "")
	db := testdb.Open(t, address)
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	last := steps(t)[len(steps(t))-1]
	down, err := migrations.Files.ReadFile(last + ".tx.down.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		string(down), "DELETE FROM bun_migrations WHERE name = (SELECT max(name) FROM bun_migrations)",
		"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the cable was pulled'; END $$",
		"CREATE TRIGGER refuse BEFORE INSERT ON bun_migrations FOR EACH ROW EXECUTE FUNCTION refuse()",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Migrate(t.Context(), address); err == nil || !strings.Contains(err.Error(), "the cable was pulled") || !strings.Contains(err.Error(), last) {
		t.Fatalf("%v", err)
	}
	if _, err := db.Exec("DROP TRIGGER refuse ON bun_migrations"); err != nil {
		t.Fatal(err)
	}
	if taken, err := store.Migrate(t.Context(), address); err != nil || fmt.Sprint(taken) != fmt.Sprint([]string{last}) {
		t.Errorf("%v, %v", taken, err)
	}
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ address, part string }{
		"another encoding": {empty(t, "ENCODING 'LATIN1' LOCALE 'C'"), "encoding is LATIN1; create it with ENCODING 'UTF8'"},
		"no encoding":      {empty(t, "ENCODING 'SQL_ASCII' LOCALE 'C'"), "encoding is SQL_ASCII"},
		"no server":        {"postgres://u:geheim@127.0.0.1:1/d", "connect"},
		"no address":       {"geheim", "DATABASE_URL cannot be read"},
	} {
		_, err := store.Migrate(t.Context(), test.address)
		if err == nil || !strings.Contains(err.Error(), test.part) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	address := testdb.URL(t)
	db := testdb.Open(t, address)
	change := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := ready(t, address); err != nil {
		t.Error(err)
	}
	change("INSERT INTO bun_migrations (name, group_id) VALUES ('9999', 9)")
	if err := ready(t, address); err != nil {
		t.Errorf("a newer schema: %v", err)
	}
	change("DELETE FROM bun_migrations")
	change("INSERT INTO bun_migrations (name, group_id) VALUES ('0000', 1)")
	if err := ready(t, address); err == nil || !strings.Contains(err.Error(), `the schema is at "0000" and this build needs`) || store.IsOutage(err) {
		t.Errorf("an older schema: %v", err)
	}
	if err := ready(t, empty(t, "")); err == nil || !strings.Contains(err.Error(), "migrate first") || store.IsOutage(err) {
		t.Errorf("no schema: %v", err)
	}
	if err := ready(t, "postgres://u:geheim@127.0.0.1:1/d"); !store.IsOutage(err) {
		t.Errorf("no server: %v", err)
	}
}

// Who waits for another's migration can be told to stop.
func TestMigrateGivesUpWaiting(t *testing.T) {
	t.Parallel()
	address := empty(t, "")
	holder, err := testdb.Open(t, address).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func(c *sql.Conn) { _ = c.Close() }(holder)
	if _, err := holder.ExecContext(t.Context(), "SELECT pg_advisory_lock(6469102)"); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := store.Migrate(soon, address); err == nil {
		t.Error("it did not wait")
	}
}
