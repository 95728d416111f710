// Package testdb gives every test a PostgreSQL database of its own, with the whole schema and nothing in it.
package testdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
	"github.com/peterldowns/pgtestdb"

	"minifb/migrations"
	"minifb/shared/store"
)

// Variable names the server to make databases on, as a superuser. `make test` starts one and sets it.
const Variable = "TEST_DATABASE_URL"

// URL makes a database, cloned from a migrated template, and answers where it is. It is dropped when the test has
// passed, and left for a look when it has failed. Without a server the test fails: it is never skipped.
func URL(t testing.TB) string {
	t.Helper()
	server, err := url.Parse(os.Getenv(Variable))
	if err != nil || server.Scheme == "" {
		t.Fatalf("%s does not name a PostgreSQL server; run the tests by `make test`, which starts one", Variable)
	}
	password, _ := server.User.Password()
	config := pgtestdb.Custom(t, pgtestdb.Config{
		DriverName: "pgx", User: server.User.Username(), Password: password, Host: server.Hostname(), Port: server.Port(),
		Database: strings.TrimPrefix(server.Path, "/"), Options: server.RawQuery, ForceTerminateConnections: true,
		TestRole: &pgtestdb.Role{Username: "minifb", Password: "minifb", Capabilities: "NOSUPERUSER NOCREATEDB NOCREATEROLE"},
	}, migrator{})
	return config.URL()
}

// Open is a connection pool to the database at url, for a test that looks behind the API.
func Open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrator lets pgtestdb make its template as `make run` makes the real schema.
type migrator struct{}

// Hash is another one whenever a migration is.
func (migrator) Hash() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		content, err := fs.ReadFile(migrations.Files, path)
		sum.Write([]byte(path))
		sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// Migrate brings the template up to date.
func (migrator) Migrate(ctx context.Context, _ *sql.DB, template pgtestdb.Config) error {
	_, err := store.Migrate(ctx, template.URL())
	return err
}
