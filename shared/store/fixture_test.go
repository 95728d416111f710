package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/testdb"
)

// A fixture is a database with users, and the stores that the test opened to it.
type fixture struct {
	t      testing.TB
	url    string
	db     *sql.DB
	store  *store.Store
	stores []*store.Store // all, store included
	users  []int64        // uids
	pooler *pgbouncer.Pooler
}

// newFixture returns a database with this many users, user.1 and so on, and a store.
func newFixture(t testing.TB, users int) *fixture {
	t.Helper()
	f := &fixture{t: t, url: testdb.URL(t)}
	if forCitus(t) && !testdb.OnCitus() {
		layOut(t, f.url)
	}
	f.db = testdb.Open(t, f.url)
	f.store = f.open("")
	f.users = f.column(`
		INSERT INTO users (id, password_hash, name)
		SELECT 'user.' || n, 'no password at all', 'user ' || n FROM generate_series(1, $1) n
		RETURNING uid`, users)
	return f
}

// open opens another store on the database, as another process does. Parameters are appended to the
// URL.
func (f *fixture) open(parameters string) *store.Store {
	f.t.Helper()
	s, err := store.Open(f.url+parameters, "test", 10)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	f.stores = append(f.stores, s)
	return s
}

// openPooled opens another store on the database, through a PgBouncer with fewer connections than the store.
func (f *fixture) openPooled() *store.Store {
	f.t.Helper()
	f.pooler = pgbouncer.Start(f.t, f.url, "default_pool_size = 4")
	s, err := store.Open(f.pooler.URL, "pooled", 10)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	f.stores = append(f.stores, s)
	return s
}

func (f *fixture) column(query string, args ...any) (column []int64) {
	f.t.Helper()
	rows, err := f.db.Query(query, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			f.t.Fatal(err)
		}
		column = append(column, n)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return column
}

func (f *fixture) int(query string, args ...any) int {
	f.t.Helper()
	return int(f.column(query, args...)[0])
}

func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.db.Exec(query, args...); err != nil {
		f.t.Fatal(err)
	}
}

// newPost returns a post to create.
func newPost(owner int64, content string) store.Post {
	return store.Post{OwnerUID: owner, Content: content}
}

// createPost creates a post without an idempotency key.
func createPost(ctx context.Context, s *store.Store, viewer int64, content string) (post store.Post, err error) {
	keep := func(created store.Post) ([]byte, error) {
		post = created
		return nil, nil
	}
	_, err = s.CreatePost(ctx, newPost(viewer, content), store.IdempotencyKey{}, keep)
	return post, err
}

// addComment adds a comment without an idempotency key.
func addComment(
	ctx context.Context, s *store.Store, viewer, post int64, content string,
) (comment store.Comment, err error) {
	keep := func(added store.Comment) ([]byte, error) {
		comment = added
		return nil, nil
	}
	toAdd := store.Comment{PostID: post, OwnerUID: viewer, Content: content}
	_, err = s.AddComment(ctx, toAdd, store.IdempotencyKey{}, keep)
	return comment, err
}

func (f *fixture) post(owner int64) int64 {
	f.t.Helper()
	post, err := createPost(context.Background(), f.store, owner, "post")
	if err != nil {
		f.t.Fatal(err)
	}
	return post.ID
}

func (f *fixture) comment(owner, post int64) int64 {
	f.t.Helper()
	comment, err := addComment(context.Background(), f.store, owner, post, "comment")
	if err != nil {
		f.t.Fatal(err)
	}
	return comment.ID
}

// credential returns the credential of a user of the fixture.
func (f *fixture) credential(user int64) store.Credential {
	return store.Credential{UID: user, Hash: "no password at all"}
}

// concurrently calls run with 0 to n-1, each in a goroutine, and waits for all.
func concurrently(n int, run func(i int)) {
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { run(i) })
	}
	done.Wait()
}

// is reports whether err is an application error with this code.
func is(err error, code apperror.Code) bool {
	e, ok := apperror.From(err)
	return ok && e.Code == code
}

// allow fails the test unless err is nil or an application error with one of the codes.
func allow(t testing.TB, err error, codes ...apperror.Code) {
	t.Helper()
	if e, ok := apperror.From(err); err != nil && (!ok || !slices.Contains(codes, e.Code)) {
		t.Errorf("got the error %v, want none or one of the codes %v", err, codes)
	}
}

// waitForLocks waits until this many statements wait for a lock.
func (f *fixture) waitForLocks(statements int) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		n, err := testdb.Waiting(f.t.Context(), f.db)
		if err != nil {
			f.t.Fatal(err)
		}
		if n >= statements {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("after 10 s fewer than %d statements wait for a lock", statements)
		}
	}
}

// begin returns a transaction of the test's own, to hold locks with.
func (f *fixture) begin() *sql.Tx {
	f.t.Helper()
	tx, err := f.db.Begin()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			f.t.Error(err)
		}
	})
	return tx
}

// checkInvariants ends a test of concurrent writers. It closes the stores and fails the test if a
// counter is wrong or if PostgreSQL has detected a deadlock.
func (f *fixture) checkInvariants() {
	f.t.Helper()
	areatest.CheckInvariants(f.t, f.db)
	for _, s := range f.stores {
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
	}
	if f.pooler != nil {
		f.pooler.Stop()
	}
	areatest.CheckNoDeadlock(f.t, f.db)
}

// checkNoRows fails the test if rows that belong to the post are left, or to any post if post is 0.
func (f *fixture) checkNoRows(post int64) {
	f.t.Helper()
	for _, table := range []string{"comments", "post_reactions", "comment_reactions", "notifications"} {
		if n := f.int(fmt.Sprintf(`SELECT count(*) FROM %s WHERE $1::bigint IN (0, post_id)`, table), post); n != 0 {
			f.t.Errorf("%d rows are left in %s", n, table)
		}
	}
}
