package testdb

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
)

// Empty makes a database without any schema and returns its URL. The options are those of CREATE
// DATABASE, such as ENCODING 'LATIN1'. The database is dropped when the test ends.
func Empty(t testing.TB, options string) string {
	t.Helper()
	server, err := url.Parse(os.Getenv(Variable))
	if err != nil || server.Scheme == "" {
		t.Fatalf("%s does not name a PostgreSQL server; run the tests by `make test`, which starts one", Variable)
	}
	db := Open(t, server.String())
	name := "empty_" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE template0 " + options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	server.Path = "/" + name
	return server.String()
}
