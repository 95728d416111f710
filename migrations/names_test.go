package migrations_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minifb/migrations"
)

var fileName = regexp.MustCompile(`^(\d{4})_[a-z0-9]+(_[a-z0-9]+)*\.tx\.(up|down)\.sql$`)

var addTx = strings.NewReplacer(".up.", ".tx.up.", ".down.", ".tx.down.")

// checkNames returns what is wrong with the names of the migrations' files.
func checkNames(files []string) (problems []string) {
	ups := map[string]string{} // by number
	for _, file := range files {
		match := fileName.FindStringSubmatch(file)
		switch {
		case match == nil && fileName.MatchString(addTx.Replace(file)):
			problems = append(problems, file+" is not named .tx: "+whyNotInTransaction)
		case match == nil:
			problems = append(problems, file+" is not named NNNN_what.tx.up.sql or NNNN_what.tx.down.sql")
		case match[3] == "up" && ups[match[1]] != "":
			problems = append(problems, fmt.Sprintf("%s and %s have the same number", ups[match[1]], file))
		case match[3] == "up":
			ups[match[1]] = file
			if down := downOf(file); !slices.Contains(files, down) {
				problems = append(problems, fmt.Sprintf("%s has no %s: add it, to undo the migration", file, down))
			}
		case !slices.Contains(files, upOf(file)):
			problems = append(problems, fmt.Sprintf("%s has no %s: add it", file, upOf(file)))
		}
	}
	for number := 1; number <= len(ups); number++ {
		if ups[fmt.Sprintf("%04d", number)] == "" {
			problems = append(problems, fmt.Sprintf(
				"there are %d migrations, and none has the number %04d: number them consecutively", len(ups), number))
		}
	}
	if len(ups) == 0 {
		problems = append(problems, "there is no migration")
	}
	return problems
}

func downOf(up string) string { return strings.TrimSuffix(up, ".up.sql") + ".down.sql" }
func upOf(down string) string { return strings.TrimSuffix(down, ".down.sql") + ".up.sql" }

// files returns the names of all embedded files, in order.
func files(t *testing.T) (names []string) {
	t.Helper()
	entries, err := migrations.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// ups returns the names of the up migrations, in order.
func ups(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(files(t), func(name string) bool { return !strings.HasSuffix(name, ".up.sql") })
}

func TestMigrationsArePairedAndNumbered(t *testing.T) {
	t.Parallel()
	for _, problem := range checkNames(files(t)) {
		t.Error("migrations: " + problem)
	}
}

// A form for Citus has the name of the migration that it replaces.
func TestFormsForCitusAreOfMigrations(t *testing.T) {
	t.Parallel()
	entries, err := migrations.CitusFiles.ReadDir("citus")
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"functions", "grants.sql", "layout.sql", "shards.sql"}
	for _, entry := range entries {
		up := strings.TrimSuffix(entry.Name(), ".sql") + ".tx.up.sql"
		if !slices.Contains(others, entry.Name()) && !slices.Contains(ups(t), up) {
			t.Errorf("there is migrations/citus/%s, but no migrations/%s", entry.Name(), up)
		}
	}
}

func TestCheckNames(t *testing.T) {
	t.Parallel()
	const first = "0001_a.tx.up.sql 0001_a.tx.down.sql "
	for _, test := range []struct{ files, problem string }{
		{first + "0002_b_c2.tx.up.sql 0002_b_c2.tx.down.sql", ""},
		{"", "there is no migration"},
		{"0001_a.tx.up.sql", "0001_a.tx.up.sql has no 0001_a.tx.down.sql: add it, to undo the migration"},
		{first + "0002_b.tx.down.sql", "0002_b.tx.down.sql has no 0002_b.tx.up.sql"},
		{first + "0001_b.tx.up.sql 0001_b.tx.down.sql", "0001_a.tx.up.sql and 0001_b.tx.up.sql have the same number"},
		{first + "0003_b.tx.up.sql 0003_b.tx.down.sql", "there are 2 migrations, and none has the number 0002"},
		{first + "2_b.tx.up.sql", "2_b.tx.up.sql is not named NNNN_what.tx.up.sql or NNNN_what.tx.down.sql"},
		{first + "0002_B.tx.up.sql", "0002_B.tx.up.sql is not named NNNN_what"},
		{first + "0002_b.up.sql", "0002_b.up.sql is not named .tx: Every migration is a transaction."},
	} {
		problems := strings.Join(checkNames(strings.Fields(test.files)), "\n")
		if (problems == "") != (test.problem == "") || !strings.HasPrefix(problems, test.problem) {
			t.Errorf("%q: %q, want %q", test.files, problems, test.problem)
		}
	}
}
