package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"minifb/shared/config"
	"minifb/shared/store"
)

// databaseTimeout is how long a PostgreSQL that runs elsewhere may take to accept a connection.
const databaseTimeout = 5 * time.Second

// URLs name a database that a program does not start itself.
type URLs struct {
	Functions string // the functions', perhaps with {function}; empty: no database is named
	Owner     string // of the owner of the tables
	variable  string // that names Owner
}

// ReadURLs reads DATABASE_URL and OWNER_DATABASE_URL. It is an error, which names the variable and has nothing of the
// URL, unless both can be parsed and the owner's names one user.
func ReadURLs(env func(variable string) string) (URLs, error) {
	u := URLs{
		Functions: env("DATABASE_URL"), Owner: cmp.Or(env("OWNER_DATABASE_URL"), env("DATABASE_URL")),
		variable: "DATABASE_URL",
	}
	if env("OWNER_DATABASE_URL") != "" {
		u.variable = "OWNER_DATABASE_URL"
	}
	return u, u.check()
}

func (u URLs) check() error {
	if u.Functions == "" {
		if u.Owner != "" {
			return errors.New("OWNER_DATABASE_URL: set DATABASE_URL too, to what the functions connect with")
		}
		return nil
	}
	if strings.Contains(u.Owner, config.FunctionPlaceholder) {
		return fmt.Errorf("OWNER_DATABASE_URL: set it to the URL of the owner of the tables, as DATABASE_URL has %s",
			config.FunctionPlaceholder)
	}
	err := checkURL("DATABASE_URL", strings.ReplaceAll(u.Functions, config.FunctionPlaceholder, "post"))
	if u.Owner != u.Functions {
		err = errors.Join(err, checkURL(u.variable, u.Owner))
	}
	return err
}

func checkURL(variable, url string) error {
	if err := store.CheckURL(url); err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	return nil
}

// Ping waits up to five seconds until the owner's server accepts a connection. Its errors never contain the URL's
// password. Without a database it does nothing.
func (u URLs) Ping(ctx context.Context) error {
	if u.Functions == "" {
		return nil
	}
	if err := store.Ping(ctx, u.Owner, databaseTimeout); err != nil {
		return fmt.Errorf("%s: %w", u.variable, err)
	}
	return nil
}

// An InUseError says which functions are connected to a database that a bundle wants for itself.
type InUseError struct{ Areas []string }

// Error returns what the operator can do.
func (e *InUseError) Error() string {
	return fmt.Sprintf("functions are connected to the database of DATABASE_URL (%s): stop them, or name another "+
		"database. A PgBouncer keeps the connections of stopped functions until its server_idle_timeout or a RECONNECT",
		strings.Join(e.Areas, ", "))
}

// requireAlone returns an InUseError if functions are connected to the database. PostgreSQL may notice only after a
// moment that some have stopped.
func (b *Bundle) requireAlone(ctx context.Context) (result string, err error) {
	const patience = 2 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		areas, err := b.connected(ctx)
		if err != nil {
			return "", err
		}
		if len(areas) == 0 {
			return "no functions use it", nil
		}
		if time.Now().After(deadline) {
			return "", &InUseError{areas}
		}
	}
}

// connected returns the areas whose functions are connected to the database.
func (b *Bundle) connected(ctx context.Context) (areas []string, err error) {
	programs, err := store.Connected(ctx, cmp.Or(b.o.OwnerURL, b.o.DatabaseURL))
	for _, f := range b.all.Functions {
		if slices.Contains(programs, f.Area) {
			areas = append(areas, f.Area)
		}
	}
	return areas, err
}
