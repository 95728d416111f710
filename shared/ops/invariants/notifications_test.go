package invariants_test

import (
	"slices"
	"testing"

	"minifb/shared/ops/invariants"
	"minifb/shared/testkit/testdb"
)

func TestNotificationsFindsEachDifference(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.URL(t))
	if _, err := db.Exec(rows + `
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
			VALUES (1, 1, 2, 1, 1), (1, 1, 3, 1, 2);
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
			VALUES (1, 2, 2, 1, 1), (1, 2, 3, 1, 5);
		ALTER TABLE notifications DROP CONSTRAINT notifications_check;
		DROP INDEX notifications_reaction`); err != nil {
		t.Fatal(err)
	}
	if got := violations(t, db, invariants.Notifications, `SELECT`); len(got) > 0 {
		t.Errorf("the notifications are right, and the query returns %q", got)
	}
	const (
		noCause = "a notification has no cause: for user "
		missing = "a notification is missing: for user "
	)
	for statement, want := range map[string][]string{
		`UPDATE notifications SET actor_uid = 1 WHERE id = 1`: {
			noCause + "1, type 1, by user 1, post 1, comment 1, reaction type ",
			missing + "1, type 1, by user 2, post 1, comment 1, reaction type ",
		},
		`UPDATE notifications SET user_uid = 2 WHERE id = 2`: {
			noCause + "2, type 1, by user 3, post 1, comment 2, reaction type ",
			missing + "1, type 1, by user 3, post 1, comment 2, reaction type ",
		},
		`UPDATE notifications SET reaction_type = 2 WHERE id = 3`: {
			noCause + "1, type 2, by user 2, post 1, comment , reaction type 2",
			missing + "1, type 2, by user 2, post 1, comment , reaction type 1",
		},
		`UPDATE notifications SET post_id = 2 WHERE id = 4`: {
			noCause + "1, type 2, by user 3, post 2, comment , reaction type 5",
			missing + "1, type 2, by user 3, post 1, comment , reaction type 5",
		},
		`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type) VALUES (1, 2, 2, 1, 1)`: {
			noCause + "1, type 2, by user 2, post 1, comment , reaction type 1",
		},
		`DELETE FROM notifications WHERE id = 1`: {missing + "1, type 1, by user 2, post 1, comment 1, reaction type "},
		`DELETE FROM comments WHERE id = 2; INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
			VALUES (1, 1, 3, 1, 1)`: {noCause + "1, type 1, by user 3, post 1, comment 1, reaction type "},
	} {
		got := violations(t, db, invariants.Notifications, statement)
		if !slices.Equal(got, want) {
			t.Errorf("after %s the query returns %q, want %q", statement, got, want)
		}
	}
}
