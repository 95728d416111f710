// Command stress is `make stress`. Many clients write, edit, delete, comment on and react to posts
// at once, while the functions are killed and started again. Then it checks that every counter
// equals its rows, that every notification has its cause, and that the database has every
// acknowledged write. It starts a bundle of its own, with a PostgreSQL of its own or on the database of DATABASE_URL,
// and exits with 1 if it finds a violation.
package main

import (
	"fmt"
	"os"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/trial"
)

// settings are the size of a run.
type settings struct {
	operations, clients, kills int
	seed                       uint64
	timeout                    time.Duration // for all operations; those not executed by then are a violation
	root                       string        // of the repository
	fast, race                 bool          // see bundle.Options
	database                   bundle.URLs   // without any, the bundle has a PostgreSQL of its own
	programs                   string        // the folder of the built functions; empty: they are built
}

// readSettings reads the variables of `make stress`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{root: ".", timeout: 15 * time.Minute, race: env("RACE") == "on"}
	v := trial.NewVariables(env)
	s.operations = v.Number("OPERATIONS", 100_000, 1)
	s.clients = v.Number("CLIENTS", 64, 1)
	s.kills = v.Number("KILLS", 5, 0)
	s.seed = uint64(v.Number("SEED", 1, 0)) //nolint:gosec // not negative
	var err error
	if s.database, err = bundle.ReadURLs(env); err != nil {
		v.Refuse("%w", err)
	}
	return s, v.Err()
}

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "make stress:", err)
		os.Exit(1)
	}
	os.Exit(trial.Main("stress", s.run))
}
