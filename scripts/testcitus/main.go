// Command testcitus is `make test-citus`. It builds Citus from the source that CITUS names, starts a coordinator and
// two workers, and checks there what `make test`, `make check` and `make stress` check on one PostgreSQL: the tests of
// the store, the conformance kit, and concurrent writes while functions are killed. Then it kills a worker under load
// and starts it again, and measures requests side by side with a database that is not distributed. It exits with 1 if a
// check fails.
package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"minifb/shared/testkit/trial"
)

// settings are the parts and the size of a run.
type settings struct {
	citus      string // the folder of Citus's source
	steps      []step
	tests      string // a regular expression: which of the store's tests run
	operations int    // of the stress run
	rounds     int    // of the requests that are measured
}

// readSettings reads the variables of `make test-citus`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	s := settings{citus: env("CITUS"), steps: allSteps}
	v := trial.NewVariables(env)
	if s.citus == "" {
		v.Refuse("CITUS is not set: it must be the folder of Citus's source, such as a clone of " +
			"https://github.com/citusdata/citus at v13.0.5")
	}
	if names := env("STEPS"); names != "" {
		s.steps = nil
		for name := range strings.SplitSeq(names, ",") {
			i := slices.IndexFunc(allSteps, func(s step) bool { return s.name == name })
			if i < 0 {
				v.Refuse("STEPS has %q: it must list %s", name, stepNames())
				continue
			}
			s.steps = append(s.steps, allSteps[i])
		}
	}
	if s.tests = env("RUN"); s.tests != "" {
		if _, err := regexp.Compile(s.tests); err != nil {
			v.Refuse("RUN must be a regular expression: %w", err)
		}
	}
	s.operations = v.Number("OPERATIONS", 20_000, 1)
	s.rounds = v.Number("ROUNDS", 60, 1)
	return s, v.Err()
}

func stepNames() string {
	var names []string
	for _, s := range allSteps {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "make test-citus:", err)
		os.Exit(1)
	}
	os.Exit(trial.Main("test-citus", s.run))
}
