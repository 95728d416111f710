package store_test

import (
	"strings"
	"testing"

	"minifb/migrations"
	"minifb/shared/testkit/testdb"
)

// The statements for Citus keep the same promises. Their tables are laid out as on Citus here, but on one server; make
// test-citus runs them on several.
func TestFormsForCitus(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"ACancelledReactionLeavesTheNotificationOfAComment": TestACancelledReactionLeavesTheNotificationOfAComment,
		"AccountDeletedWhileAKeyIsClaimed":                  TestAccountDeletedWhileAKeyIsClaimed,
		"CommentAfterACommitDuringItsWait":                  TestCommentAfterACommitDuringItsWait,
		"ConcurrentDeletionsOfAnAccount":                    TestConcurrentDeletionsOfAnAccount,
		"DeletedAccountIsInvisibleBeforeTheSweep":           TestDeletedAccountIsInvisibleBeforeTheSweep,
		"DeletedAccountStoresNoKey":                         TestDeletedAccountStoresNoKey,
		"DeletingACommentDuringReactions":                   TestDeletingACommentDuringReactions,
		"DeletingAPostDuringWrites":                         TestDeletingAPostDuringWrites,
		"DeletingAnAccountDuringItsOwnWrites":               TestDeletingAnAccountDuringItsOwnWrites,
		"DeletionOfAnAccountWaitsForItsWriters":             TestDeletionOfAnAccountWaitsForItsWriters,
		"FiftyUsersReactAtOnce":                             TestFiftyUsersReactAtOnce,
		"MarkingReadDuringWrites":                           TestMarkingReadDuringWrites,
		"MarkingReadHoldsNothingWhileItWaits":               TestMarkingReadHoldsNothingWhileItWaits,
		"NothingIsAddedToThePostOfADeletedAccount":          TestNothingIsAddedToThePostOfADeletedAccount,
		"OneUserThroughTwoProcesses":                        TestOneUserThroughTwoProcesses,
		"PostsAndCommentsAreComplete":                       TestPostsAndCommentsAreComplete,
		"ReactionAfterACommitDuringItsWait":                 TestReactionAfterACommitDuringItsWait,
		"ReactionAndCancellationInTurns":                    TestReactionAndCancellationInTurns,
		"SecondRequestWaitsForTheFirst":                     TestSecondRequestWaitsForTheFirst,
		"SweepOfCommentsBesideANewComment":                  TestSweepOfCommentsBesideANewComment,
		"SweepOfReactionsToCommentsLocksThePosts":           TestSweepOfReactionsToCommentsLocksThePosts,
		"SweepOfSeveralRowsOnOnePost":                       TestSweepOfSeveralRowsOnOnePost,
		"TotalsOfAPostDeletedWithItsAccount":                TestTotalsOfAPostDeletedWithItsAccount,
		"TotalsOfConcurrentDeletions":                       TestTotalsOfConcurrentDeletions,
		"WritersDuringTheDeletionOfTheOwner":                TestWritersDuringTheDeletionOfTheOwner,
		"WritersDuringTheDeletionOfTheirAccount":            TestWritersDuringTheDeletionOfTheirAccount,
	} {
		t.Run(name, test)
	}
}

// forCitus reports whether a test runs within TestFormsForCitus.
func forCitus(t testing.TB) bool { return strings.HasPrefix(t.Name(), "TestFormsForCitus/") }

// layOut lays a database out as on Citus, but for the servers.
func layOut(t testing.TB, url string) {
	t.Helper()
	const noServers = `
		CREATE FUNCTION create_reference_table(text) RETURNS void LANGUAGE sql RETURN NULL;
		CREATE FUNCTION create_distributed_table(text, text, colocate_with text) RETURNS void LANGUAGE sql RETURN NULL;`
	const setting = `ALTER FUNCTION count_deleted_user() SET citus.multi_shard_modify_mode = 'sequential';`
	functions := strings.Replace(migrations.CitusFunctions, setting, "", 1) // which only a superuser may set
	statements := "BEGIN;" + noServers + migrations.CitusLayout + functions + "; COMMIT"
	if err := testdb.Execute(url, statements); err != nil {
		t.Fatal(err)
	}
}
