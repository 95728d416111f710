package testdb

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
)

// Empty makes a database without any schema and returns its URL. The options are those of CREATE
// DATABASE, such as ENCODING 'LATIN1'. The database is dropped when the test ends.
func Empty(t testing.TB, options string) string {
	t.Helper()
	address, drop, err := Create(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return address
}

// Create is Empty outside of a test: the caller drops the database.
func Create(options string) (address string, drop func() error, err error) {
	server, err := url.Parse(os.Getenv(Variable))
	if err != nil || server.Scheme == "" {
		return "", nil, fmt.Errorf(
			"%s does not name a PostgreSQL server; run the tests by `make test`, which starts one", Variable)
	}
	name := "empty_" + strings.ToLower(rand.Text())
	if err := executeOnServer("CREATE DATABASE " + name + " TEMPLATE template0 " + options); err != nil {
		return "", nil, err
	}
	server.Path = "/" + name
	return server.String(), func() error { return executeOnServer("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

func executeOnServer(statement string) error { return Execute(os.Getenv(Variable), statement) }

// Execute executes SQL on the database with this URL.
func Execute(address, statements string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	_, err = db.Exec(statements)
	return errors.Join(err, db.Close())
}
