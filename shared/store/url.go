package store

import (
	"errors"

	"github.com/jackc/pgx/v5"
)

// CheckURL returns an error if Open would refuse the URL. It does not connect.
func CheckURL(url string) error {
	if _, err := pgx.ParseConfig(url); err != nil { // err may contain the password
		return errors.New("the URL of the database cannot be parsed")
	}
	return nil
}
