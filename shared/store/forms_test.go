package store_test

import (
	"strings"
	"testing"

	"minifb/migrations"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// The statements for Citus keep the same promises. Their tables are laid out as on Citus here, but on one server; make
// test-citus runs them on several.
func TestFormsForCitus(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"ACancelledReactionLeavesTheNotificationOfAComment": TestACancelledReactionLeavesTheNotificationOfAComment,
		"AccountDeletedWhileAKeyIsClaimed":                  TestAccountDeletedWhileAKeyIsClaimed,
		"ANewNicknameIsShownWithAnOldPost":                  TestANewNicknameIsShownWithAnOldPost,
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

// What others see of a user is changed at once, and so is what they see of earlier posts.
func TestANewNicknameIsShownWithAnOldPost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	post := f.post(f.users[0])
	nickname := "Ann"
	if _, err := f.store.SetNickname(t.Context(), f.users[0], &nickname); err != nil {
		t.Fatal(err)
	}
	shown, err := f.store.Post(t.Context(), 0, post)
	if err != nil || shown.Owner.Nickname == nil || *shown.Owner.Nickname != nickname {
		t.Errorf("the post's owner is %+v, %v, want the new nickname", shown.Owner, err)
	}
}

// A store looks once whether its database is distributed, before it takes a connection for a transaction.
func TestFormsAreLookedUpOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	var sent statements
	s, err := store.Open(f.url, "test", 1, store.WithTracer(&sent))
	if err != nil {
		t.Fatal(err)
	}
	f.stores = append(f.stores, s)
	t.Cleanup(func() { _ = s.Close() })
	for _, key := range []string{"a", "b"} {
		_, err := s.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey(key, "b"), encodePost)
		allow(t, err)
	}
	looks := 0
	for _, statement := range sent {
		if strings.Contains(statement.SQL, "relname = 'people'") {
			looks++
		}
	}
	if looks != 1 {
		t.Errorf("the store looks %d times, want once", looks)
	}
}

// forCitus reports whether a test runs within TestFormsForCitus, or on Citus.
func forCitus(t testing.TB) bool {
	return testdb.OnCitus() || strings.HasPrefix(t.Name(), "TestFormsForCitus/")
}

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
