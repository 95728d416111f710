package store_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// Every post and comment that a method returns has the viewer's own reaction, and the numbers of
// all reactions and comments.
func TestPostsAndCommentsAreComplete(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	ctx, ann, bob, eve := t.Context(), f.users[0], f.users[1], f.users[2]
	post := f.post(ann)
	comment := f.comment(bob, post)
	f.comment(eve, post)
	for user, kind := range map[int64]int{ann: 1, bob: 5} {
		for _, put := range []func() (store.Reaction, bool, error){
			func() (store.Reaction, bool, error) { return f.store.PutPostReaction(ctx, user, post, kind) },
			func() (store.Reaction, bool, error) { return f.store.PutCommentReaction(ctx, user, comment, kind) },
		} {
			if _, _, err := put(); err != nil {
				t.Fatal(err)
			}
		}
	}
	tally := store.Tally{Type1: 1, Type5: 1}
	only := func(list store.List[store.Post], err error) (store.Post, error) {
		if len(list.Items) != 1 {
			t.Fatalf("%d posts, %v, want 1", len(list.Items), err)
		}
		return list.Items[0], err
	}
	page := store.Page{Size: 20}
	for viewer, want := range map[int64]int{ann: 1, bob: 5, eve: 0, 0: 0} {
		check := func(what string, own *int, got store.Tally, err error) {
			t.Helper()
			if err != nil || got != tally || (own == nil) != (want == 0) || (own != nil && *own != want) {
				t.Errorf("%s for viewer %d: got %v, %v, %v, want %d, %v", what, viewer, own, got, err, want, tally)
			}
		}
		for what, read := range map[string]func() (store.Post, error){
			"Post":       func() (store.Post, error) { return f.store.Post(ctx, viewer, post) },
			"Posts":      func() (store.Post, error) { return only(f.store.Posts(ctx, viewer, page)) },
			"Timeline":   func() (store.Post, error) { return only(f.store.Timeline(ctx, viewer, ann, page)) },
			"TimelineOf": func() (store.Post, error) { return only(f.store.TimelineOf(ctx, viewer, "USER.1", page)) },
		} {
			got, err := read()
			check(what, got.MyReaction, got.Tally, err)
			if got.CommentCount != 2 {
				t.Errorf("%s: %d comments, want 2", what, got.CommentCount)
			}
		}
		got, err := f.store.Comment(ctx, viewer, comment)
		check("Comment", got.MyReaction, got.Tally, err)
		list, err := f.store.Comments(ctx, viewer, post, page)
		if len(list.Items) != 2 {
			t.Fatalf("%d comments, %v, want 2", len(list.Items), err)
		}
		check("Comments", list.Items[1].MyReaction, list.Items[1].Tally, err)
		if other := list.Items[0]; other.MyReaction != nil || other.Tally != (store.Tally{}) {
			t.Errorf("the comment without reactions: own reaction %v, all %v", other.MyReaction, other.Tally)
		}
	}
	edited, err := f.store.EditOwnPost(ctx, ann, post, nil, "edited")
	own := edited.MyReaction
	if err != nil || own == nil || *own != 1 || edited.Tally != tally || edited.CommentCount != 2 {
		t.Errorf("EditOwnPost: got %+v, %v", edited, err)
	}
	editedComment, err := f.store.EditOwnComment(ctx, bob, comment, nil, "edited")
	own = editedComment.MyReaction
	if err != nil || own == nil || *own != 5 || editedComment.Tally != tally {
		t.Errorf("EditOwnComment: got %+v, %v", editedComment, err)
	}
	f.checkInvariants()
}

// Behind a PgBouncer no statement is prepared; the statements work all the same.
func TestReactionsWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "simple_protocol"} {
		f := newFixture(t, 2)
		post := f.post(f.users[0])
		comment := f.comment(f.users[0], post)
		s := f.open("&default_query_exec_mode=" + mode)
		for kind := range 5 {
			r, created, err := s.PutPostReaction(t.Context(), f.users[1], post, kind+1)
			if err != nil || created != (kind == 0) || r.Type != kind+1 {
				t.Errorf("%s: got %+v, %t, %v, want the type %d", mode, r, created, err, kind+1)
			}
			if _, _, err := s.PutCommentReaction(t.Context(), f.users[1], comment, kind+1); err != nil {
				t.Errorf("%s: %v", mode, err)
			}
		}
		if err := s.CancelPostReaction(t.Context(), f.users[1], post); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		list, err := s.CommentReactions(t.Context(), comment, store.Page{Size: 1})
		if err != nil || len(list.Items) != 1 || list.Items[0].Type != 5 || !list.Items[0].Modified {
			t.Errorf("%s: got %+v, %v, want one reaction of type 5", mode, list, err)
		}
		f.checkInvariants()
	}
}

// A hot post has many reactions and notifications. A reaction to it reads only its own.
func TestReactingReadsFewRows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3000)
	post := f.post(f.users[0])
	f.exec(`INSERT INTO comments (post_id, owner_uid, content) SELECT $1, uid, 'comment' FROM users`, post)
	f.exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT $1, uid, 1 FROM users`, post)
	f.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT $1, (SELECT min(id) FROM comments), uid, 1 FROM users`, post)
	f.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
		SELECT $2, 2, uid, $1, 1 FROM users WHERE uid <> $2`, post, f.users[0])
	f.exec(`UPDATE posts SET reaction_1 = 3000, comment_count = 3000`)
	f.exec(`UPDATE comments SET reaction_1 = 3000 WHERE id = (SELECT min(id) FROM comments)`)
	f.exec(`ANALYZE`)
	comment := int64(f.int(`SELECT min(id) FROM comments`))
	user := strconv.FormatInt(f.users[9], 10)
	batch := []string{`'{` + user + `}', '{5}'`, `'{` + user + `}', '{0}'`}
	alone := []string{user + `, 5`}
	for name, react := range map[string]struct {
		statement string
		calls     []string
		target    int64
	}{
		"post": {store.ReactToPost, batch, post}, "comment": {store.ReactToComment, batch, comment},
		"post, alone": {store.PutOnPost, alone, post}, "comment, alone": {store.PutOnComment, alone, comment},
	} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			tx := f.begin()
			for _, statement := range []string{
				`SET LOCAL plan_cache_mode = ` + mode, `PREPARE react AS ` + react.statement,
			} {
				if _, err := tx.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			for _, call := range react.calls {
				var plan []byte
				query := `EXPLAIN (ANALYZE, TIMING off, FORMAT json)
					EXECUTE react(` + call + `, ` + strconv.FormatInt(react.target, 10) + `)`
				if err := tx.QueryRow(query).Scan(&plan); err != nil {
					t.Fatal(err)
				}
				if rows := mostRows(t, plan); rows > 10 {
					t.Errorf("%s, %s, %s: a step reads %.0f rows, not 10: %s", name, mode, call, rows, plan)
				}
			}
			if _, err := tx.Exec(`DEALLOCATE react`); err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// mostRows returns how many rows the busiest step of a plan handled, those that it removed
// included.
func mostRows(t *testing.T, plan []byte) (most float64) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(plan, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(part any) {
		switch part := part.(type) {
		case []any:
			for _, child := range part {
				walk(child)
			}
		case map[string]any:
			rows, _ := part["Actual Rows"].(float64)
			loops, _ := part["Actual Loops"].(float64)
			filtered, _ := part["Rows Removed by Filter"].(float64)
			unjoined, _ := part["Rows Removed by Join Filter"].(float64)
			most = max(most, (rows+filtered+unjoined)*loops)
			for _, child := range part {
				walk(child)
			}
		}
	}
	walk(tree)
	return most
}

// A statement runs for several callers, and goes on when the one that runs it has gone.
func TestAReactionOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	post := f.post(f.users[0])
	lock := f.begin()
	if _, err := lock.Exec(`SELECT FROM posts WHERE id = $1 FOR UPDATE`, post); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := f.store.PutPostReaction(ctx, f.users[1], post, 1)
		done <- err
	}()
	f.waitForLocks(1)
	cancel()
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("a reaction whose caller has gone: %v", err)
	}
	if n := f.int(`SELECT reaction_1 FROM posts`); n != 1 {
		t.Errorf("the post counts %d reactions, want 1", n)
	}
}

// A cancelled reaction takes its own notification with it, and not that of a comment by the same user.
func TestACancelledReactionLeavesTheNotificationOfAComment(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	f.comment(f.users[1], post)
	if _, _, err := f.store.PutPostReaction(t.Context(), f.users[1], post, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.store.CancelPostReaction(t.Context(), f.users[1], post); err != nil {
		t.Fatal(err)
	}
	if left := f.column(`SELECT type FROM notifications`); !slices.Equal(left, []int64{1}) {
		t.Errorf("notifications of the types %v are left, want that of the comment, 1", left)
	}
}

// A post is invisible once its owner's account has been deleted, and nothing is added to it until it is swept.
func TestNothingIsAddedToThePostOfADeletedAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	ctx, post := t.Context(), f.post(f.users[0])
	comment := f.comment(f.users[1], post)
	if err := f.store.DeleteAccount(ctx, f.credential(f.users[0])); err != nil {
		t.Fatal(err)
	}
	for what, add := range map[string]func() error{
		"a comment":  func() error { _, err := addComment(ctx, f.store, f.users[1], post, "late"); return err },
		"a reaction": func() error { _, _, err := f.store.PutPostReaction(ctx, f.users[1], post, 1); return err },
		"a reaction to a comment": func() error {
			_, _, err := f.store.PutCommentReaction(ctx, f.users[1], comment, 1)
			return err
		},
	} {
		if err := add(); !is(err, apperror.NotFound) {
			t.Errorf("%s: got %v, want NotFound", what, err)
		}
	}
}
