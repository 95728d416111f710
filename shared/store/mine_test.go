package store_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"minifb/shared/store"
)

// Every post and comment that any method answers shows the viewer's own reaction, all reactions and all comments.
func TestEveryPostAndCommentIsWhole(t *testing.T) {
	t.Parallel()
	c := gather(t, 3)
	ctx, ann, bob, eve := t.Context(), c.users[0], c.users[1], c.users[2]
	post := c.post(ann)
	comment := c.comment(bob, post)
	c.comment(eve, post)
	for user, kind := range map[int64]int{ann: 1, bob: 5} {
		for _, put := range []func() (store.Reaction, bool, error){
			func() (store.Reaction, bool, error) { return c.store.PutPostReaction(ctx, user, post, kind) },
			func() (store.Reaction, bool, error) { return c.store.PutCommentReaction(ctx, user, comment, kind) },
		} {
			if _, _, err := put(); err != nil {
				t.Fatal(err)
			}
		}
	}
	tally := store.Tally{Type1: 1, Type5: 1}
	one := func(list store.List[store.Post], err error) (store.Post, error) {
		if len(list.Items) != 1 {
			t.Fatalf("%d posts, %v", len(list.Items), err)
		}
		return list.Items[0], err
	}
	page := store.Page{Size: 20}
	for viewer, want := range map[int64]int{ann: 1, bob: 5, eve: 0, 0: 0} {
		is := func(what string, mine *int, got store.Tally, err error) {
			t.Helper()
			if err != nil || got != tally || (mine == nil) != (want == 0) || (mine != nil && *mine != want) {
				t.Errorf("%s, seen by %d: %v, %v, %v", what, viewer, mine, got, err)
			}
		}
		for what, read := range map[string]func() (store.Post, error){
			"the post":     func() (store.Post, error) { return c.store.Post(ctx, viewer, post) },
			"the feed":     func() (store.Post, error) { return one(c.store.Posts(ctx, viewer, page)) },
			"the timeline": func() (store.Post, error) { return one(c.store.Timeline(ctx, viewer, ann, page)) },
			"theirs":       func() (store.Post, error) { return one(c.store.TimelineOf(ctx, viewer, "USER.1", page)) },
		} {
			got, err := read()
			is(what, got.MyReaction, got.Tally, err)
			if got.CommentCount != 2 {
				t.Errorf("%s counts %d comments", what, got.CommentCount)
			}
		}
		got, err := c.store.Comment(ctx, viewer, comment)
		is("the comment", got.MyReaction, got.Tally, err)
		list, err := c.store.Comments(ctx, viewer, post, page)
		if len(list.Items) != 2 {
			t.Fatalf("%d comments, %v", len(list.Items), err)
		}
		is("the comments", list.Items[1].MyReaction, list.Items[1].Tally, err)
		if other := list.Items[0]; other.MyReaction != nil || other.Tally != (store.Tally{}) {
			t.Errorf("the other comment shows %v, %v", other.MyReaction, other.Tally)
		}
	}
	edited, err := c.store.EditOwnPost(ctx, ann, post, nil, "edited")
	if err != nil || edited.MyReaction == nil || *edited.MyReaction != 1 || edited.Tally != tally || edited.CommentCount != 2 {
		t.Errorf("edited: %+v, %v", edited, err)
	}
	touched, err := c.store.EditOwnComment(ctx, bob, comment, nil, "edited")
	if err != nil || touched.MyReaction == nil || *touched.MyReaction != 5 || touched.Tally != tally {
		t.Errorf("edited: %+v, %v", touched, err)
	}
	c.settle()
}

// Behind a PgBouncer nothing is prepared on the server; the statements do the same.
func TestReactionsWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "simple_protocol"} {
		c := gather(t, 2)
		post := c.post(c.users[0])
		comment := c.comment(c.users[0], post)
		s := c.process("&default_query_exec_mode=" + mode)
		for kind := range 5 {
			r, created, err := s.PutPostReaction(t.Context(), c.users[1], post, kind+1)
			if err != nil || created != (kind == 0) || r.Type != kind+1 {
				t.Errorf("%s: %+v, %v, %v", mode, r, created, err)
			}
			if _, _, err := s.PutCommentReaction(t.Context(), c.users[1], comment, kind+1); err != nil {
				t.Errorf("%s: %v", mode, err)
			}
		}
		if err := s.CancelPostReaction(t.Context(), c.users[1], post); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		list, err := s.CommentReactions(t.Context(), comment, store.Page{Size: 1})
		if err != nil || len(list.Items) != 1 || list.Items[0].Type != 5 || !list.Items[0].Modified {
			t.Errorf("%s: %+v, %v", mode, list, err)
		}
		c.settle()
	}
}

// A hot post has many reactions and notifications, and none of them is read but the one that is meant.
func TestReactingReadsNoMoreThanItMeans(t *testing.T) {
	t.Parallel()
	c := gather(t, 3000)
	post := c.post(c.users[0])
	c.exec(`INSERT INTO comments (post_id, owner_uid, content) SELECT $1, uid, 'comment' FROM users`, post)
	c.exec(`INSERT INTO post_reactions (post_id, user_uid, type) SELECT $1, uid, 1 FROM users`, post)
	c.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT $1, (SELECT min(id) FROM comments), uid, 1 FROM users`, post)
	c.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type) SELECT $2, 2, uid, $1, 1 FROM users WHERE uid <> $2`, post, c.users[0])
	c.exec(`UPDATE posts SET reaction_1 = 3000, comment_count = 3000`)
	c.exec(`UPDATE comments SET reaction_1 = 3000 WHERE id = (SELECT min(id) FROM comments)`)
	c.exec(`ANALYZE`)
	comment := int64(c.int(`SELECT min(id) FROM comments`))
	for name, react := range map[string]struct {
		statement string
		thing     int64
	}{"post": {store.ReactToPost, post}, "comment": {store.ReactToComment, comment}} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			tx := c.begin()
			for _, set := range []string{`SET LOCAL plan_cache_mode = ` + mode, `PREPARE react AS ` + react.statement} {
				if _, err := tx.Exec(set); err != nil {
					t.Fatal(err)
				}
			}
			for _, wish := range []string{"5", "0"} {
				var plan []byte
				query := `EXPLAIN (ANALYZE, TIMING off, FORMAT json) EXECUTE react('{` + idText(c.users[9]) + `}', '{` + wish + `}', ` + idText(react.thing) + `)`
				if err := tx.QueryRow(query).Scan(&plan); err != nil {
					t.Fatal(err)
				}
				if most := busiestStep(t, plan); most > 10 {
					t.Errorf("%s, %s, to %s: a step reads %.0f rows: %s", name, mode, wish, most, plan)
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

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// busiestStep is the most rows that any step of a plan handled, those it threw away among them.
func busiestStep(t *testing.T, plan []byte) (most float64) {
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
			dropped, _ := part["Rows Removed by Filter"].(float64)
			unjoined, _ := part["Rows Removed by Join Filter"].(float64)
			most = max(most, (rows+dropped+unjoined)*loops)
			for _, child := range part {
				walk(child)
			}
		}
	}
	walk(tree)
	return most
}
