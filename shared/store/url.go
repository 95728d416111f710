package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// parseURL returns what a URL says. Its errors have nothing of the URL, which has a password.
func parseURL(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil { // err may contain the password
		return nil, errors.New("the URL of the database cannot be parsed")
	}
	// The password 1/a of postgres://u:1/a@h/d begins with the port of the host u, and ends as a part of the
	// name of the database, which is printed.
	if strings.Contains(config.Database, "@") {
		return nil, errors.New("the URL of the database has an @ after its host; " +
			"write a / in the password as %2F, a ? as %3F and a # as %23")
	}
	return config, nil
}

// CheckURL returns an error if Open would refuse the URL. It does not connect.
func CheckURL(url string) error {
	_, err := parseURL(url)
	return err
}
