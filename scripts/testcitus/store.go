package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"minifb/shared/testkit/testdb"
)

// notOnCitus are the tests of the store that do not run on Citus.
var notOnCitus = []string{
	// These start PostgreSQL servers of their own, or a database that is not distributed.
	"Replica", "Standby", "TestFormsForCitus", "TestMigrate", "TestReady",
	// They compare plans of PostgreSQL's.
	"TestPlans", "TestReactingReadsFewRows", "TestSweepReadsNoOtherPosts", "TestUnreadCountReadsAnIndexAlone",
	"TestReactionsToAKnownPageAreLookedUp",
	// On Citus, rows of a deleted account are deleted in other portions.
	"TestSweepDeletesInSmallTransactions", "TestSweepPausesBetweenBatches",
	// They lock rows of several posts by a statement that Citus does not have.
	"TestInterruptedSweepIsFinishedByOthers",
	// They insert or delete posts by SQL, which no trigger counts on Citus.
	"TestTotals$", "TestTotalsDuringASweep",
}

// testStore runs the tests of package store, each on a distributed database of its own.
func (r *runner) testStore(ctx context.Context) (broken []string, err error) {
	if err := r.someTest(ctx); err != nil {
		return nil, err
	}
	err = r.execute(ctx, []string{
		testdb.Variable + "=" + r.servers[0], testdb.CitusVariable + "=" + strings.Join(r.servers, " "),
	}, "go", "test", "-count=1", "-timeout=20m", "-parallel=4", "-run="+r.tests, "-skip="+strings.Join(notOnCitus, "|"),
		"./shared/store")
	return failure("a test of the store", err)
}

// someTest returns an error if RUN names no test.
func (r *runner) someTest(ctx context.Context) error {
	if r.tests == "" {
		return nil
	}
	list, err := exec.CommandContext(ctx, "go", "test", "-list="+r.tests, "./shared/store").Output()
	if err != nil {
		return fmt.Errorf("list the tests of the store: %w", err)
	}
	if !strings.Contains(string(list), "Test") {
		return fmt.Errorf("no test of the store has a name like RUN=%s", r.tests)
	}
	return nil
}
