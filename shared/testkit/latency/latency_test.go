package latency_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/latency"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

const top = "../../.." // the repository

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts a side on the owner's database, with the functions' own URL if it is another.
func start(t testing.TB, name, owner, functions string, env ...string) *latency.Side {
	t.Helper()
	folder, err := built.Programs(t.Context(), top, filepath.Join(programs.Folder(t), "bin"), false, "./functions/...")
	must(t, err)
	s, err := latency.Start(t.Context(), name, bundle.New(bundle.Options{
		Source: top, Dir: programs.Folder(t), Areas: latency.Areas, Binaries: folder,
		DatabaseURL: functions, OwnerURL: owner, Env: append(env, "LIMITS=off"), Logf: t.Logf,
	}))
	must(t, err)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Two sides on the same database are compared. A request that fails ends the comparison.
func TestCompare(t *testing.T) {
	t.Parallel()
	address := testdb.URL(t)
	must(t, latency.Fill(address))
	side := start(t, "first", address, address)
	var table strings.Builder
	must(t, latency.Compare(t.Context(), []*latency.Side{side, side}, 1, &table))
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	if !regexp.MustCompile(`^\s*route +first, ms +first, ms +ratio$`).MatchString(lines[0]) {
		t.Errorf("the first line is %q", lines[0])
	}
	for _, route := range []string{"POST /post", "GET /post", "PUT /comment/{id}/reaction", "DELETE /post/{id}"} {
		row := regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(route) + ` +\d+\.\d +\d+\.\d +1\.0$`)
		if !row.MatchString(table.String()) {
			t.Errorf("%s is not measured:\n%s", route, table.String())
		}
	}
	must(t, testdb.Execute(address, `UPDATE users SET deleted_at = now() WHERE uid = 7`))
	err := latency.Compare(t.Context(), []*latency.Side{side}, 1, &table)
	if err == nil || !strings.Contains(err.Error(), "first: GET /timeline/user.7") {
		t.Errorf("got %v", err)
	}
}

// The table has the medians, and the ratio to the first side's.
func TestReport(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	ms := time.Millisecond
	must(t, latency.Report(&table, []time.Duration{9 * ms, 2 * ms, ms}, []time.Duration{5 * ms, 90 * ms, ms}))
	if !regexp.MustCompile(`(?m)^ *GET /post +2\.0 +5\.0 +2\.5$`).MatchString(table.String()) {
		t.Error(table.String())
	}
}

// BenchmarkDatabases compares one PostgreSQL, the same through a PgBouncer, and one whose synchronous standby serves
// the reads. All commit without waiting for the disk.
func BenchmarkDatabases(b *testing.B) {
	settings := []string{
		"wal_level=replica", "max_wal_senders=10", "synchronous_commit=on", "synchronous_standby_names=*",
	}
	primary := server(b, postgres.Options{Dir: programs.Folder(b), Fast: true, Settings: settings})
	replica := server(b, postgres.Options{
		Dir: programs.Folder(b), Fast: true, Settings: settings[:2], StandbyOf: primary,
	})
	database := func(name, commit string) string {
		must(b, testdb.Execute(primary.URL("postgres"), "CREATE DATABASE "+name))
		must(b, testdb.Execute(primary.URL("postgres"), "ALTER DATABASE "+name+" SET synchronous_commit = "+commit))
		_, err := store.Migrate(b.Context(), primary.URL(name))
		must(b, err)
		must(b, latency.Fill(primary.URL(name)))
		return primary.URL(name)
	}
	plain, pooled, replicated := database("plain", "local"), database("pooled", "local"), database("replicated", "on")
	pooler := pgbouncer.Start(b, pooled)
	functions := func(owner string) string {
		address, err := postgres.FunctionsURL(owner)
		must(b, err)
		return address
	}
	sides := []*latency.Side{
		start(b, "plain", plain, functions(plain)),
		start(b, "PgBouncer", pooled, functions(pooler.URL)),
		start(b, "standby", replicated, functions(replicated), "DATABASE_READ_URL="+replica.URL("replicated")),
	}
	for b.Loop() {
		must(b, latency.Compare(b.Context(), sides, 60, os.Stdout))
	}
}

func server(b *testing.B, o postgres.Options) *postgres.Cluster {
	b.Helper()
	c, err := postgres.Start(context.Background(), o)
	must(b, err)
	b.Cleanup(func() { _ = c.Stop() })
	return c
}
