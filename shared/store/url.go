package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// URLForm says how to write the URL of a database.
const URLForm = "write it as postgres://user:password@host:5432/database, with a / in the password as %2F"

// CheckURL returns an error if Open would refuse the URL. It does not connect. The error has nothing of
// the URL, which has a password.
func CheckURL(url string) error {
	_, err := parseURL(url)
	return err
}

func parseURL(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	// The password 1/a of postgres://u:1/a@h/d begins with the port of the host u, and ends as a part of the
	// name of the database, which is printed.
	if err != nil || strings.Contains(config.Database, "@") { // err may contain the password
		return nil, errors.New("the URL cannot be parsed; " + URLForm)
	}
	return config, nil
}
