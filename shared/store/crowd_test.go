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
	"minifb/shared/testkit/testdb"
)

// A crowd is many users of one database, and the processes that they come through.
type crowd struct {
	t      testing.TB
	url    string
	db     *sql.DB
	store  *store.Store
	stores []*store.Store
	users  []int64
}

// gather makes a database with so many users, and a process to it.
func gather(t testing.TB, users int) *crowd {
	t.Helper()
	c := &crowd{t: t, url: testdb.URL(t)}
	c.db = testdb.Open(t, c.url)
	c.store = c.process("")
	c.users = c.column(`
		INSERT INTO users (id, password_hash, name) SELECT 'user.' || n, 'no password at all', 'user ' || n FROM generate_series(1, $1) n
		RETURNING uid`, users)
	return c
}

// process opens another store to the same database, which merges on its own.
func (c *crowd) process(parameters string) *store.Store {
	c.t.Helper()
	s, err := store.Open(c.url+parameters, "test", 10)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = s.Close() })
	c.stores = append(c.stores, s)
	return s
}

func (c *crowd) column(query string, args ...any) (column []int64) {
	c.t.Helper()
	rows, err := c.db.Query(query, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			c.t.Fatal(err)
		}
		column = append(column, n)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return column
}

func (c *crowd) int(query string, args ...any) int {
	c.t.Helper()
	return int(c.column(query, args...)[0])
}

func (c *crowd) exec(query string, args ...any) {
	c.t.Helper()
	if _, err := c.db.Exec(query, args...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crowd) post(owner int64) int64 {
	c.t.Helper()
	post, err := c.store.CreatePostDirect(context.Background(), owner, "post")
	if err != nil {
		c.t.Fatal(err)
	}
	return post.ID
}

func (c *crowd) comment(owner, post int64) int64 {
	c.t.Helper()
	comment, err := c.store.AddCommentDirect(context.Background(), owner, post, "comment")
	if err != nil {
		c.t.Fatal(err)
	}
	return comment.ID
}

// credential is what DeleteAccount wants to see.
func (c *crowd) credential(user int64) store.Credential {
	return store.Credential{UID: user, Hash: "no password at all"}
}

// all runs f for each of n at once and waits for the last.
func all(n int, f func(i int)) {
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { f(i) })
	}
	done.Wait()
}

// allow reports an error that is none of these faults.
func allow(t testing.TB, err error, codes ...apperror.Code) {
	t.Helper()
	if f, ok := apperror.From(err); err != nil && (!ok || !slices.Contains(codes, f.Code)) {
		t.Errorf("unforeseen: %v", err)
	}
}

// wait is for a statement that must be waiting for another's lock before the test goes on.
func (c *crowd) wait(waiting int) {
	c.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if c.int(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= waiting {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%d statements do not come to wait for a lock", waiting)
		}
	}
}

// begin is a transaction of somebody else's, to hold locks in.
func (c *crowd) begin() *sql.Tx {
	c.t.Helper()
	tx, err := c.db.Begin()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			c.t.Error(err)
		}
	})
	return tx
}

// settle is the end of every race: all counters are exact, and nobody ever waited in a circle.
func (c *crowd) settle() {
	c.t.Helper()
	areatest.CheckInvariants(c.t, c.db)
	for _, s := range c.stores {
		if err := s.Close(); err != nil {
			c.t.Error(err)
		}
	}
	areatest.CheckNoDeadlock(c.t, c.db)
}

// nothing tells what the post, or all of the database where it is 0, has left behind.
func (c *crowd) nothing(post int64) {
	c.t.Helper()
	for _, table := range []string{"comments", "post_reactions", "comment_reactions", "notifications"} {
		if n := c.int(fmt.Sprintf(`SELECT count(*) FROM %s WHERE $1::bigint IN (0, post_id)`, table), post); n != 0 {
			c.t.Errorf("%d rows are left in %s", n, table)
		}
	}
}
