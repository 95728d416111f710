// Command chaos is `make chaos`: under a steady load it breaks PostgreSQL, its disk, its clock and a function in turn.
// For each fault it prints what the clients saw, and compares the database with what was acknowledged to them. It
// starts a host of its own, and exits with 1 if a promise was broken.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"minifb/shared/testkit/trial"
)

// settings are the size of a run.
type settings struct {
	rate    int           // requests a second
	lasts   time.Duration // each fault; 0: the time that the fault names
	calm    time.Duration // before each fault
	after   time.Duration // after each fault at least; the load goes on until all is healthy again
	faults  []string      // the names of the faults
	gateway bool          // the gateway of make run in front of the functions, in place of nginx
	root    string        // of the repository

	programs string // the folder of the built functions; empty: they are built
}

// readSettings reads the variables of `make chaos`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{calm: 2 * time.Second, after: maxRecovery, root: "."}
	v := trial.NewVariables(env)
	s.rate = v.Number("RATE", 100, 1)
	s.lasts = time.Duration(v.Number("SECONDS", 0, 1)) * time.Second
	names := faultNames()
	for name := range strings.SplitSeq(env("FAULTS"), ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
		case slices.Contains(names, name):
			s.faults = append(s.faults, name)
		default:
			v.Refuse("FAULTS names %q: it must list some of %s", name, strings.Join(names, ","))
		}
	}
	if len(s.faults) == 0 {
		s.faults = names
	}
	s.gateway = v.Choice("FRONT", "nginx", "gateway") == "gateway"
	return s, v.Err()
}

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "make chaos:", err)
		os.Exit(1)
	}
	os.Exit(trial.Main("chaos", s.run))
}
