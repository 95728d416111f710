package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/store"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// Whatever was committed before a read, by whichever process, several viewers see it as each would alone. A slow
// machine finds the page too old to compare, and then this proves less.
func TestKnownPageIsNeverStale(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 4)
	other := f.open("") // another process
	author, fan, leaver := f.users[0], f.users[1], f.users[3]
	posts := f.column(insertPosts+` RETURNING id`, author, 4)
	f.exec(insertPosts, leaver, 1)
	same := func(after string) {
		t.Helper()
		f.wantAsAlone(after, f.users[2]) // whose reactions others must not see
		f.wantAsAlone(after, 0)
		f.wantAsAlone(after, 0, f.users[0], f.users[1], f.users[2])
	}
	same("nothing")

	ctx, nickname := t.Context(), "nick"
	for _, step := range []struct {
		name  string
		write func() error
	}{
		{"a post", func() error {
			_, err := other.CreatePost(ctx, store.Post{OwnerUID: fan, Content: "new"}, store.IdempotencyKey{},
				func(p store.Post) ([]byte, error) { return json.Marshal(p.ID) })
			return err
		}},
		{"an edit", func() error {
			_, err := other.EditOwnPost(ctx, author, posts[1], nil, "edited")
			return err
		}},
		{"a deletion", func() error { return other.DeleteOwnPost(ctx, author, posts[3], nil) }},
		{"a reaction", func() error {
			_, _, err := other.PutPostReaction(ctx, fan, posts[0], 3)
			return err
		}},
		{"another one", func() error {
			_, _, err := other.PutPostReaction(ctx, f.users[2], posts[2], 5)
			return err
		}},
		{"a changed reaction", func() error {
			_, _, err := other.PutPostReaction(ctx, fan, posts[0], 1)
			return err
		}},
		{"a cancelled reaction", func() error { return other.CancelPostReaction(ctx, fan, posts[0]) }},
		{"a comment", func() error {
			f.exec(`UPDATE posts SET comment_count = comment_count + 1 WHERE id = $1`, posts[0])
			return nil
		}},
		{"a nickname", func() error {
			_, err := other.SetNickname(ctx, author, &nickname)
			return err
		}},
		{"a deleted account", func() error {
			f.exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, leaver)
			return nil
		}},
		{"no posts", func() error {
			f.exec(`DELETE FROM posts`)
			return nil
		}},
		{"a post again", func() error {
			f.exec(insertPosts, author, 1)
			return nil
		}},
	} {
		if err := step.write(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		same(step.name)
	}
}

// Transactions are seen when they are committed, in whichever order they began.
func TestKnownPageFollowsCommits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	f.exec(insertPosts, f.users[0], 1)
	same := func(after string) {
		t.Helper()
		f.wantAsAlone(after, 0, f.users[0])
	}
	var open []*sql.Tx
	for range 3 {
		tx := f.begin()
		if _, err := tx.Exec(insertPosts, f.users[0], 1); err != nil {
			t.Fatal(err)
		}
		open = append(open, tx)
		same("a transaction that has not ended")
	}
	if err := open[1].Commit(); err != nil {
		t.Fatal(err)
	}
	same("the second commit")
	if err := open[2].Rollback(); err != nil {
		t.Fatal(err)
	}
	same("a rollback")
	if err := open[0].Commit(); err != nil {
		t.Fatal(err)
	}
	same("the first commit")
}

// wantAsAlone checks that each viewer sees what a read of their own returns: at once, and when the page is known. Other
// tests write to the same server, so it may take a few reads until one finds the page known.
func (f *fixture) wantAsAlone(after string, viewers ...int64) {
	f.t.Helper()
	known := f.readAsAlone(after, viewers)
	if !known && !testdb.OnCitus() { // where no page is
		programs.Until(f.t, "a page is known", func() bool {
			for range 20 { // without a pause: of ten reads, one learns a page, and the next compares it
				if f.readAsAlone(after, viewers) {
					return true
				}
			}
			return false
		})
	}
}

// readAsAlone reports whether the page was known.
func (f *fixture) readAsAlone(after string, viewers []int64) (known bool) {
	f.t.Helper()
	pages, err := f.store.SharedPosts(f.t.Context(), viewers...)
	if err != nil {
		f.t.Fatal(err)
	}
	known = len(pages[0]) == 0
	for i, viewer := range viewers {
		want, err := f.store.PostsAlone(f.t.Context(), viewer, store.DefaultSize)
		if err != nil {
			f.t.Fatal(err)
		}
		got := append([]store.Post{}, pages[i]...)
		for n := range got {
			known = known || got[n].Memo != nil
			if got[n].MyReaction != nil && got[n].Memo != nil {
				f.t.Errorf("after %s: viewer %d has reacted to post %d, and gets its memo", after, viewer, got[n].ID)
			}
			got[n].Memo = nil
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			f.t.Errorf("after %s: viewer %d sees %+v, want %+v", after, viewer, got, want)
		}
	}
	return known
}

// What is committed between the statements of a read is in its page, or in that of the next read.
func TestCommitWhileThePageIsRead(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"pg_current_snapshot", "FROM posts"} {
		if testdb.OnCitus() && after != "FROM posts" { // where no page is compared
			continue
		}
		f := newFixture(t, 1)
		f.exec(insertPosts, f.users[0], 1)
		var once sync.Once
		s, _ := f.traced(func(statement string) {
			if strings.Contains(statement, after) {
				once.Do(func() { f.exec(insertPosts, f.users[0], 1) })
			}
		})
		for n := range 20 {
			pages, err := s.SharedPosts(t.Context(), 0)
			if err != nil || n > 0 && len(pages[0]) != 2 {
				t.Fatalf("a commit after %s: %d posts, %v, want 2", after, len(pages[0]), err)
			}
		}
	}
}

// Between two writes the page is read once, by requests that wait together, and compared by every other. Writes of
// other tests come in between, so this waits for a pause.
func TestKnownPageIsNotReadAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	f.exec(insertPosts, f.users[0], 1)
	var slow atomic.Bool
	s, sent := f.traced(func(statement string) {
		if slow.Load() && isSnapshot(statement) {
			time.Sleep(store.MaxKnown)
		}
	})
	read := func(viewer int64, size int) {
		if _, err := s.Posts(t.Context(), viewer, store.Page{Size: size}); err != nil {
			t.Error(err)
		}
	}
	// again returns the statements of a read after others.
	again := func(viewer int64, size int, isSlow bool) []string {
		slow.Store(false)
		concurrently(16, func(int) { read(0, size) })
		if size == store.DefaultSize { // those of another size do not compare, either
			sent.clear()
		}
		slow.Store(isSlow)
		read(viewer, size)
		return sent.all()
	}
	if testdb.OnCitus() {
		if statements := again(0, store.DefaultSize, false); slices.ContainsFunc(statements, isSnapshot) {
			t.Errorf("a page is compared by the snapshot of one server: %q", statements)
		}
		return
	}
	for _, viewer := range []int64{0, f.users[1]} {
		programs.Until(t, "a page is known", func() bool {
			statements := again(viewer, store.DefaultSize, false)
			return len(statements) == 1 && isSnapshot(statements[0])
		})
	}
	programs.Until(t, "a page becomes old while it is compared", func() bool {
		statements := again(0, store.DefaultSize, true)
		if len(statements) == 1 && isSnapshot(statements[0]) {
			t.Error("it is returned")
		}
		return len(statements) > 1
	})
	sent.clear()
	if statements := again(0, store.DefaultSize-1, false); slices.ContainsFunc(statements, isSnapshot) {
		t.Errorf("a page of another size is compared: %q", statements)
	}
}

// Equal snapshots mean nothing in a transaction, which sees its own changes, nor with a replica.
func TestSnapshotsAreNotAlwaysCompared(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	f.exec(insertPosts, f.users[0], 1)

	s, sent := f.traced(nil)
	rehearsal, err := s.Rehearse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rehearsal.Close()
	for n := range 3 {
		content := fmt.Sprint("post ", n)
		if _, err := createPost(t.Context(), rehearsal.Store, rehearsal.Rows.UserUID, content); err != nil {
			t.Fatal(err)
		}
		pages, err := rehearsal.Store.SharedPosts(t.Context(), 0)
		if err != nil || pages[0][0].Content != content {
			t.Errorf("after %s: %+v, %v", content, pages, err)
		}
	}

	replicated, more := f.traced(nil)
	if err := replicated.ReadFrom(f.url, "replica", 1); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := replicated.SharedPosts(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range append(sent.all(), more.all()...) {
		if isSnapshot(statement) {
			t.Errorf("sent %s", statement)
		}
	}
}

func isSnapshot(statement string) bool { return strings.Contains(statement, "pg_current_snapshot") }

// texts are the texts of statements.
type texts struct {
	mu    sync.Mutex
	list  []string
	ended func(statement string) // may be nil
}

type textKey struct{}

func (s *texts) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, data.SQL)
	return context.WithValue(ctx, textKey{}, data.SQL)
}

func (s *texts) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if s.ended != nil {
		s.ended(ctx.Value(textKey{}).(string))
	}
}

func (s *texts) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *texts) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

// traced opens a store that shows its statements.
func (f *fixture) traced(ended func(statement string)) (*store.Store, *texts) {
	f.t.Helper()
	sent := &texts{ended: ended}
	s, err := store.Open(f.url, "test", 2, store.WithTracer(sent))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	return s, sent
}
