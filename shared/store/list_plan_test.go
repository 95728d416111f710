package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

type plannedList struct {
	name  string
	index string
	rows  int // of the whole list
	read  func(context.Context, *store.Store, store.Page) (next string, err error)
}

// lists are the store's lists, each on a table with many more rows than a page has. A list must be
// read from index, backwards, and not beyond the end of the page. read returns the key of the next
// page.
var lists = []plannedList{
	{"feed", "posts_pkey", plentyPosts, func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.Posts(ctx, most, p)
		return list.Next, err
	}},
	{"feed without a viewer", "posts_pkey", plentyPosts,
		func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
			list, err := s.Posts(ctx, 0, p)
			return list.Next, err
		}},
	{"shared feed", "posts_pkey", plentyPosts, func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.SharedFeed(ctx, none, most, p)
		return list.Next, err
	}},
	{"feed above a run of hidden posts", "posts_pkey", plentyPosts - floor,
		func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
			list, err := s.FeedAbove(ctx, most, floor, p)
			return list.Next, err
		}},
	{"timeline of the user with most posts", "posts_owner", plentyPosts / 2, timeline(most)},
	{"timeline of the user with some posts", "posts_owner", plenty / 2, timeline(some)},
	{"timeline of the user without posts", "posts_owner", 0, timeline(none)},
	{"timeline of the ID with most posts", "posts_owner", plentyPosts / 2, timelineOf(most)},
	{"timeline of the ID with some posts", "posts_owner", plenty / 2, timelineOf(some)},
	{"timeline of the ID without posts", "posts_owner", 0, timelineOf(none)},
	{"comments of a hot post", "comments_pkey", plenty, comments(hot)},
	{"comments of a post without comments", "comments_pkey", 0, comments(empty)},
	{"reactions to a hot post", "post_reactions_newest", plenty, postReactions(hot)},
	{"reactions to a post without reactions", "post_reactions_newest", 0, postReactions(empty)},
	{"reactions to a hot comment", "comment_reactions_newest", plenty, commentReactions(1)},
	{"reactions to a comment without reactions", "comment_reactions_newest", 0, commentReactions(3)},
	{"notifications of the user with most", "notifications_pkey", plenty, notifications(most, false)},
	{"notifications of the user without any", "notifications_pkey", 0, notifications(none, false)},
	{"unread notifications among many read ones", "notifications_unread", plenty / 10, notifications(most, true)},
	{"unread notifications of the user without any", "notifications_unread", 0, notifications(none, true)},
	{"sessions of the user with most", "sessions_user", plenty, sessions(most)},
	{"sessions of the user without any", "sessions_user", 0, sessions(none)},
}

func timeline(owner int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.Timeline(ctx, most, owner, p)
		return list.Next, err
	}
}

func timelineOf(owner int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.TimelineOf(ctx, most, fmt.Sprintf("USER%d", owner), p)
		return list.Next, err
	}
}

func comments(post int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.Comments(ctx, most, post, p)
		return list.Next, err
	}
}

func postReactions(post int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.PostReactions(ctx, post, p)
		return list.Next, err
	}
}

func commentReactions(comment int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.CommentReactions(ctx, comment, p)
		return list.Next, err
	}
}

func notifications(viewer int64, unread bool) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.Notifications(ctx, viewer, unread, p)
		return list.Next, err
	}
}

func sessions(uid int64) func(context.Context, *store.Store, store.Page) (string, error) {
	return func(ctx context.Context, s *store.Store, p store.Page) (string, error) {
		list, err := s.Sessions(ctx, uid, p)
		return list.Next, err
	}
}

const (
	plenty      = 2000
	plentyPosts = 3 * plenty
	floor       = 100 // the last id of the run
	// The uids of the users with most rows, with some, and with none. They are among the last and the
	// first ones, so that a plan that looks for them by reading users from either end reads most
	// users.
	most, some, none = plenty, 1, plenty - 50
	// The newest posts are the one with most comments and reactions, and the one with none. So the
	// feed's first page has them.
	hot, empty = plentyPosts, plentyPosts - 1
)

// fill creates users, posts and comments. One of them has most of the rows, some have about as many as each
// says, and some have none, as in reality. With less than ten thousand reactions, PostgreSQL rightly sorts
// those to a post.
func fill(each int) string {
	return fmt.Sprintf(`
	INSERT INTO users (id, password_hash, name)
		SELECT 'user' || n, 'no password', 'User' FROM generate_series(1, %[1]d) n;
	INSERT INTO posts (owner_uid, content)
		SELECT CASE WHEN n %% 2 = 0 THEN %[2]d WHEN n %% 6 = 1 THEN %[3]d ELSE 2 + n / 3 / %[7]d %% (%[4]d - 2) END, 'x'
		FROM generate_series(1, %[5]d) n;
	INSERT INTO comments (post_id, owner_uid, content) SELECT %[6]d, n, 'x' FROM generate_series(1, %[1]d) n;
	INSERT INTO comments (post_id, owner_uid, content)
		SELECT 1 + n / %[7]d, %[2]d, 'x' FROM generate_series(1, %[1]d) n;
	INSERT INTO post_reactions (post_id, user_uid, type) SELECT %[6]d, n, 1 FROM generate_series(1, %[1]d) n;
	INSERT INTO post_reactions (post_id, user_uid, type)
		SELECT 1 + n / %[7]d, %[2]d - n %% %[7]d, 1 FROM generate_series(1, 2 * (%[5]d - 3)) n;
	INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT %[6]d, 1, n, 1 FROM generate_series(1, %[1]d) n;
	INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
		SELECT post_id, id, %[2]d - n, 1 FROM comments, generate_series(1, %[7]d) n WHERE id > %[1]d;
	INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id, read)
		SELECT %[2]d, 1, 1, %[6]d, n, n %% 10 > 0 FROM generate_series(1, %[1]d) n;
	INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
		SELECT 1 + n / %[7]d, 1, %[2]d, %[6]d, n FROM generate_series(1, %[4]d - 2) n;
	INSERT INTO sessions (user_uid, expires_at, created_at)
		SELECT %[2]d, now() + interval '1 day', now() - n * interval '1 second' FROM generate_series(1, %[1]d) n;
	INSERT INTO sessions (user_uid, expires_at)
		SELECT 1 + n / %[7]d, now() + interval '1 day' FROM generate_series(1, %[4]d - 2) n;
	ANALYZE`, plenty, most, some, none, plentyPosts, hot, each)
}

// TestPlans explains each list's own statement, as the store has prepared it: planned for its
// arguments, planned for any arguments, and as PostgreSQL chooses after ten calls. Each plan must
// read its index from the cursor on, stop at the end of the page, and sort nothing.
func TestPlans(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]int{"two": 2, "a dozen": 12} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent statements
			s := planning(t, &sent, fill(each))
			for _, list := range lists {
				t.Run(list.name, func(t *testing.T) {
					checkPlans(t, s, &sent, list)
				})
			}
		})
	}
}

func checkPlans(t *testing.T, s *store.Store, sent *statements, list plannedList) {
	const size = 10
	next, err := list.read(t.Context(), s, store.Page{Size: size})
	if err != nil || (next != "") != (list.rows > size) {
		t.Fatalf("the next page is %q, %v, for %d rows", next, err, list.rows)
	}
	pages := map[string]store.Page{"first page": {Size: size}, "second page": {Size: size, After: next}}
	for page, p := range pages {
		*sent = nil
		for range 10 {
			if _, err := list.read(t.Context(), s, p); err != nil {
				t.Fatal(err)
			}
		}
		statement := sent.like(t, fmt.Sprint(" LIMIT ", size+1))
		for _, mode := range []string{"auto", "force_custom_plan", "force_generic_plan"} {
			plan := explain(t, s, statement, mode)
			for _, violation := range violations(plan, list.index, min(list.rows, size+1)) {
				t.Errorf("%s, %s: %s", page, mode, violation)
			}
		}
		if list.rows <= size {
			break
		}
	}
}

// Where the table was vacuumed, unread notifications are counted without a look at it.
func TestUnreadCountReadsAnIndexAlone(t *testing.T) {
	t.Parallel()
	// VACUUM takes rows for visible whose commit is on the disk.
	const flush = `BEGIN; SET LOCAL synchronous_commit = on; CREATE TABLE flushed (); COMMIT`
	var sent statements
	s := planning(t, &sent, fill(2), flush, `VACUUM notifications`)
	if n, err := s.UnreadCount(t.Context(), most); err != nil || n != plenty/10 {
		t.Fatalf("%d are unread, %v; want %d", n, err, plenty/10)
	}
	plan := explain(t, s, sent.like(t, "SELECT count(*) FROM notifications"), "force_generic_plan")
	const want = "Aggregate 1 (Index Only Scan Forward notifications_unread"
	if !strings.HasPrefix(plan.String(), want) || plan.Plans[0].Fetched > 0 {
		t.Errorf("got %s, which reads %d rows of the table; want %s", plan, plan.Plans[0].Fetched, want)
	}
}

// The posts of a deleted account are read from their index, a batch at a time.
func TestSweepReadsNoOtherPosts(t *testing.T) {
	t.Parallel()
	var sent statements
	s := planning(t, &sent, fill(12))
	const prepare = "PREPARE posts_of_user (bigint, integer) AS " + store.PostsOfUser
	if _, err := s.DB().Exec(prepare); err != nil {
		t.Fatal(err)
	}
	const batch = 10
	for owner, rows := range map[int]float64{most: batch, some: batch, none: 0} {
		plan := explain(t, s, pgx.TraceQueryStartData{SQL: prepare, Args: []any{owner, batch}}, "force_custom_plan")
		if posts := plan.driver(); posts.Index != "posts_owner" || posts.Rows != rows || posts.Removed > 0 {
			t.Errorf("%.0f posts of user %d are read by %s", rows, owner, plan)
		}
	}
}

// planning returns a store whose plans are explained, on a database after these statements.
func planning(t *testing.T, sent *statements, before ...string) *store.Store {
	t.Helper()
	address := testdb.URL(t)
	db := testdb.Open(t, address)
	for _, statement := range before {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	// PostgreSQL rightly prefers to read a small table whole, but the plans for a large one are in
	// question.
	s, err := store.Open(address+"&enable_seqscan=off", "test", 1, store.WithTracer(sent))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// statements are those that a store has sent.
type statements []pgx.TraceQueryStartData

func (s *statements) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData,
) context.Context {
	*s = append(*s, data)
	return ctx
}

// like returns the first statement with this part.
func (s statements) like(t *testing.T, part string) pgx.TraceQueryStartData {
	t.Helper()
	i := slices.IndexFunc(s, func(statement pgx.TraceQueryStartData) bool {
		return strings.Contains(statement.SQL, part)
	})
	if i < 0 {
		t.Fatalf("no statement has %q: %v", part, s)
	}
	return s[i]
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A node is a node of a plan, as EXPLAIN (FORMAT JSON) prints it.
type node struct {
	Type         string  `json:"Node Type"`
	Relation     string  `json:"Relation Name"`
	Index        string  `json:"Index Name"`
	Direction    string  `json:"Scan Direction"`
	Relationship string  `json:"Parent Relationship"`
	Rows         float64 `json:"Actual Rows"`
	Fetched      int     `json:"Heap Fetches"`
	Removed      float64 `json:"Rows Removed by Filter"`
	Hit          int     `json:"Shared Hit Blocks"`
	Read         int     `json:"Shared Read Blocks"`
	Plans        []node
}

func (n node) String() string {
	text := n.Type
	if n.Index != "" {
		text += " " + n.Direction + " " + n.Index
	}
	text += fmt.Sprintf(" %.0f", n.Rows)
	for _, below := range n.Plans {
		text += " (" + below.String() + ")"
	}
	return text
}

// driver returns the node whose rows the others are joined to.
func (n node) driver() node {
	outer := slices.IndexFunc(n.Plans, func(n node) bool { return n.Relationship == "Outer" })
	if outer < 0 {
		return n
	}
	return n.Plans[outer].driver()
}

// plannedAgain is the list that is planned for its arguments: a range of ids that is mostly hidden.
const plannedAgain = "feed_above_a_run_of_hidden_posts"

// explain runs a statement that the store has prepared on its connection, and returns the plan.
func explain(t *testing.T, s *store.Store, statement pgx.TraceQueryStartData, mode string) node {
	t.Helper()
	var name string
	var kept int
	err := s.DB().QueryRow(`
		SELECT name, generic_plans FROM pg_prepared_statements WHERE statement = $1`, statement.SQL).Scan(&name, &kept)
	if err != nil {
		t.Fatalf("the statement is not prepared: %v: %s", err, statement.SQL)
	}
	if mode == "auto" && kept == 0 && path.Base(t.Name()) != plannedAgain {
		t.Errorf("the statement is planned again at each call")
	}
	if _, err := s.DB().Exec("SET plan_cache_mode = " + mode); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, arg := range statement.Args {
		switch value := arg.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID: // an option
			continue
		case time.Time:
			arg = value.Format(time.RFC3339Nano)
		case []int64:
			arg = strings.NewReplacer("[", "{", " ", ",", "]", "}").Replace(fmt.Sprint(value))
		}
		args = append(args, fmt.Sprintf("'%v'", arg))
	}
	var text []byte
	query := fmt.Sprintf("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE %s (%s)", name, strings.Join(args, ", "))
	if err := s.DB().QueryRow(query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().Exec("RESET plan_cache_mode"); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// violations says why a plan reads more than this number of rows from the index, from the cursor
// on.
func violations(root node, index string, rows int) (violations []string) {
	add := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf(format, args...)+" in "+root.String())
	}
	if root.Type != "Limit" {
		add("no Limit")
	}
	driver := root.driver()
	if !strings.HasPrefix(driver.Type, "Index") || driver.Index != index || driver.Direction != "Backward" {
		add("not read backwards from %s", index)
	}
	if blocks := root.Hit + root.Read; blocks > 8*rows+16 { // each row has two lookups of three or four blocks
		add("%d blocks are read for %d rows", blocks, rows)
	}
	if driver.Rows > float64(rows) || driver.Removed > 0 {
		add("%.0f rows are read and %.0f removed, for %d", driver.Rows, driver.Removed, rows)
	}
	var walk func(node)
	walk = func(n node) {
		for _, slow := range []string{"Sort", "Hash", "Seq Scan", "Bitmap"} {
			if strings.Contains(n.Type, slow) {
				add("a %s", n.Type)
			}
		}
		for _, below := range n.Plans {
			walk(below)
		}
	}
	walk(root)
	return violations
}
