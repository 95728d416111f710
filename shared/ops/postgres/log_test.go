package postgres_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/postgres"
)

func TestLogHoldsNoValues(t *testing.T) {
	t.Parallel()
	o := postgres.Options{Dir: t.TempDir(), Fast: true}
	url := start(t, o).URL("postgres")
	exec1(t, url, `CREATE TABLE notes (text text UNIQUE CHECK (length(text) < 10));
		INSERT INTO notes VALUES ('secret')`)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"INSERT INTO notes VALUES ('secret')", "INSERT INTO notes VALUES ('secret secret')",
		"INSERT INTO notes (nothing) VALUES ('secret')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Fatalf("%s succeeds", statement)
		}
	}
	log, err := os.ReadFile(filepath.Join(o.Dir, postgres.LogName))
	if err != nil || strings.Count(string(log), "ERROR:") != 3 || strings.Contains(string(log), "secret") {
		t.Errorf("the log holds (%v)\n%s", err, log)
	}
}
