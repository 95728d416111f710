package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/migrations"
	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/testdb"
)

// names returns the names of all migrations, in order.
func names(t *testing.T) (all []string) {
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

// ready returns what Ready returns for the database at the address.
func ready(t *testing.T, address string) error {
	t.Helper()
	s, err := store.Open(address, "ready", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Ready(t.Context())
}

// Of twenty processes that start at once, one applies each migration, and all return without an error.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := testdb.Empty(t, "")
	var mu sync.Mutex
	var applied []string
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			names, err := store.Migrate(t.Context(), address)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			applied = append(applied, names...)
		})
	}
	all.Wait()
	slices.Sort(applied)
	if want := names(t); fmt.Sprint(applied) != fmt.Sprint(want) {
		t.Errorf("applied %v, want %v", applied, want)
	}
	if err := ready(t, address); err != nil {
		t.Error(err)
	}
}

// The down migrations of all migrations leave nothing, and all can be applied again.
func TestMigrateDown(t *testing.T) {
	t.Parallel()
	address := testdb.Empty(t, "")
	db := testdb.Open(t, address)
	schema := func() (described string) {
		err := db.QueryRow(`SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
			SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
				FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'bun%'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'bun%'
			UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
				WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'bun%'
			UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
		) AS objects (line)`).Scan(&described)
		if err != nil {
			t.Fatal(err)
		}
		return described
	}
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	first := schema()
	all := names(t)
	for _, name := range slices.Backward(all) {
		down, err := migrations.Files.ReadFile(name + ".tx.down.sql")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(down)); err != nil {
			t.Fatalf("%s.tx.down.sql: %v", name, err)
		}
		if _, err := db.Exec("DELETE FROM bun_migrations WHERE name = split_part($1, '_', 1)", name); err != nil {
			t.Fatal(err)
		}
	}
	if left := schema(); left != "" {
		t.Errorf("the down migrations leave:\n%s", left)
	}
	if err := ready(t, address); err == nil || !strings.Contains(err.Error(), "migrate first") {
		t.Errorf("Ready without a schema: %v", err)
	}
	if applied, err := store.Migrate(t.Context(), address); err != nil || len(applied) != len(all) {
		t.Errorf("up again: applied %v, %v", applied, err)
	}
	if again := schema(); again != first {
		t.Errorf("up again: the schema is not the same as the first time:\n%s", again)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	if applied, err := store.Migrate(t.Context(), testdb.URL(t)); err != nil || len(applied) != 0 {
		t.Errorf("applied %v, %v; want nothing", applied, err)
	}
}

// The rights in a newer schema are those that the newer build has granted.
func TestMigrateKeepsTheRightsInANewerSchema(t *testing.T) {
	t.Parallel()
	address := testdb.URL(t)
	err := testdb.Execute(address, `INSERT INTO bun_migrations (name, group_id) VALUES ('9999', 9);
		GRANT SELECT (created_at) ON posts TO minifb_docs`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	var kept bool
	err = testdb.Open(t, address).QueryRow(`
		SELECT has_column_privilege('minifb_docs', 'posts', 'created_at', 'SELECT')`).Scan(&kept)
	if err != nil || !kept {
		t.Errorf("the right is kept: %t, %v", kept, err)
	}
}

// A migration and its row in bun_migrations are one transaction: when the row cannot be written,
// neither stays.
func TestMigrateRecordsInTheSameTransaction(t *testing.T) {
	t.Parallel()
	address, last := testdb.BeforeLastMigration(t)
	db := testdb.Open(t, address)
	for _, statement := range []string{
		"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused by a test'; END $$",
		"CREATE TRIGGER refuse BEFORE INSERT ON bun_migrations FOR EACH ROW EXECUTE FUNCTION refuse()",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	_, err := store.Migrate(t.Context(), address)
	if err == nil || !strings.Contains(err.Error(), "refused by a test") || !strings.Contains(err.Error(), last) {
		t.Fatalf("%v, want one that names %s", err, last)
	}
	if _, err := db.Exec("DROP TRIGGER refuse ON bun_migrations"); err != nil {
		t.Fatal(err)
	}
	applied, err := store.Migrate(t.Context(), address)
	if err != nil || fmt.Sprint(applied) != fmt.Sprint([]string{last}) {
		t.Errorf("applied %v, %v; want %s", applied, err, last)
	}
}

// claimingVersion returns the URL of an empty database behind a proxy, which makes every major version that the
// server names this one.
func claimingVersion(t *testing.T, major string) string {
	t.Helper()
	address := testdb.Empty(t, "")
	var version, number string
	err := testdb.Open(t, address).QueryRow(`
		SELECT current_setting('server_version'), current_setting('server_version_num')`).Scan(&version, &number)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := pgproxy.New(address, func(fromServer bool, sent []byte) bool {
		for _, named := range []string{version, number} {
			if i := bytes.Index(sent, []byte(named)); fromServer && i >= 0 {
				copy(sent[i:], major)
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	latin1 := testdb.Empty(t, "ENCODING 'LATIN1' LOCALE 'C'")
	for name, test := range map[string]struct{ address, part string }{
		"another encoding": {latin1, "encoding is LATIN1; create it with ENCODING 'UTF8'"},
		"no encoding":      {testdb.Empty(t, "ENCODING 'SQL_ASCII' LOCALE 'C'"), "encoding is SQL_ASCII"},
		"an old server":    {claimingVersion(t, "13"), "is PostgreSQL 13."},
		"no server":        {"postgres://u:secret@127.0.0.1:1/d", "connect"},
		"no address":       {"secret", "the URL cannot be parsed"},
	} {
		_, err := store.Migrate(t.Context(), test.address)
		if err == nil || !strings.Contains(err.Error(), test.part) || strings.Contains(err.Error(), "secret") {
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
	const older = `the schema is at "0000" and this build needs`
	if err := ready(t, address); err == nil || !strings.Contains(err.Error(), older) || store.IsOutage(err) {
		t.Errorf("an older schema: %v", err)
	}
	err := ready(t, testdb.Empty(t, ""))
	if err == nil || !strings.Contains(err.Error(), "migrate first") || store.IsOutage(err) {
		t.Errorf("no schema: %v", err)
	}
	if err := ready(t, "postgres://u:secret@127.0.0.1:1/d"); !store.IsOutage(err) {
		t.Errorf("no server: %v", err)
	}
}

// Citus takes a statement about a distributed table only if it is sent alone.
func TestMigrationsAreSentInParts(t *testing.T) {
	t.Parallel()
	const text = "ALTER TABLE a ADD b text;\n--bun:split\nCREATE INDEX c ON a (b); -- not --bun:split\n"
	want := []string{"ALTER TABLE a ADD b text;", "CREATE INDEX c ON a (b); -- not --bun:split\n"}
	if got := store.SplitMigration(text); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
