// Command failover is `make failover`: a primary and a standby of PostgreSQL serve a bundle under a steady load, the
// primary is killed, and the standby is promoted. It prints how long no write succeeded, how the requests ended, and
// what the database has of the acknowledged writes. It exits with 1 if one was lost or doubled, or if writes did not
// succeed again in time.
package main

import (
	"fmt"
	"os"
	"time"

	"minifb/shared/testkit/trial"
)

// settings are the size of a run.
type settings struct {
	rate    int           // requests a second
	calm    time.Duration // before the kill
	promote time.Duration // from the kill to the promotion
	after   time.Duration // after the promotion at least; the load goes on until all is healthy again
	// sync: commits wait for the standby. Without it, the standby receives nothing in the time before the kill that
	// cut says, as when a network breaks first.
	sync    bool
	cut     time.Duration
	gateway bool   // the gateway of make run in front of the functions, in place of nginx
	root    string // of the repository

	programs string // the folder of the built functions; empty: they are built
}

// readSettings reads the variables of `make failover`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{after: maxOutage, cut: 1500 * time.Millisecond, root: "."}
	v := trial.NewVariables(env)
	s.rate = v.Number("RATE", 100, 1)
	s.calm = time.Duration(v.Number("SECONDS", 10, 1)) * time.Second
	s.promote = time.Duration(v.Number("PROMOTE_AFTER", 2, 0)) * time.Second
	s.sync = v.Choice("SYNC", "on", "off") == "on"
	s.gateway = v.Choice("FRONT", "nginx", "gateway") == "gateway"
	return s, v.Err()
}

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "make failover:", err)
		os.Exit(1)
	}
	os.Exit(trial.Main("failover", s.run))
}
