// Package testdb creates a PostgreSQL database for each test, with the complete schema and no rows.
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
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
	"github.com/peterldowns/pgtestdb"

	"minifb/migrations"
	"minifb/shared/store"
)

// Variable is the environment variable with the URL of the server, for a superuser. `make test`
// starts a server and sets it.
const Variable = "TEST_DATABASE_URL"

// URL creates a database as a copy of a migrated template, and returns its URL. The database is
// dropped if the test passes, and kept if it fails. Without a server the test fails; it is never
// skipped.
func URL(t testing.TB) string {
	t.Helper()
	if servers := citusServers(); len(servers) > 0 {
		return distributedURL(t, servers)
	}
	server, err := url.Parse(os.Getenv(Variable))
	if err != nil || server.Scheme == "" {
		t.Fatalf("%s is not the URL of a PostgreSQL server: run the tests by `make test`, which starts one", Variable)
	}
	if err := createRoles(); err != nil {
		t.Fatal(err)
	}
	password, _ := server.User.Password()
	config := pgtestdb.Custom(t, pgtestdb.Config{
		DriverName: "pgx", User: server.User.Username(), Password: password,
		Host: server.Hostname(), Port: server.Port(),
		Database: strings.TrimPrefix(server.Path, "/"), Options: server.RawQuery, ForceTerminateConnections: true,
		TestRole: &pgtestdb.Role{
			Username: owner, Password: owner, Capabilities: "NOSUPERUSER NOCREATEDB NOCREATEROLE",
		},
	}, migrator{})
	return config.URL()
}

// createRoles creates the functions' roles. The owner of a test's database may not, as on a host.
var createRoles = sync.OnceValue(func() error { return executeOnServer(migrations.Roles) })

// WithRole returns the URL of a database with this role in place of its own.
func WithRole(address, role string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	u.User = url.User(role)
	return u.String(), nil
}

// Open returns a connection pool to the database, which is closed when the test ends.
func Open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// BeforeLastMigration is URL for a database that lacks the last migration. It returns that one's name, too.
func BeforeLastMigration(t testing.TB) (address, name string) {
	t.Helper()
	address = URL(t)
	files, err := fs.Glob(migrations.Files, "*.tx.down.sql")
	if err != nil {
		t.Fatal(err)
	}
	last := files[len(files)-1]
	down, err := fs.ReadFile(migrations.Files, last)
	if err != nil {
		t.Fatal(err)
	}
	err = Execute(address, string(down)+`;
		DELETE FROM bun_migrations WHERE name = (SELECT max(name) FROM bun_migrations)`)
	if err != nil {
		t.Fatal(err)
	}
	return address, strings.TrimSuffix(last, ".tx.down.sql")
}

// migrator creates pgtestdb's template with the migrations.
type migrator struct{}

// Hash returns a hash of all migrations, so that a change of one leads to another template.
func (migrator) Hash() (string, error) {
	sum := sha256.New()
	sum.Write([]byte(migrations.Grants))
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

// Migrate applies the migrations to the template.
func (migrator) Migrate(ctx context.Context, _ *sql.DB, template pgtestdb.Config) error {
	_, err := store.Migrate(ctx, template.URL())
	return err
}
