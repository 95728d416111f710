package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// totals returns the totals, with the posts of the last hour.
func (f *fixture) totals() store.Totals {
	f.t.Helper()
	totals, err := f.store.Totals(f.t.Context(), time.Now().Add(-time.Hour).Truncate(15*time.Minute))
	if err != nil {
		f.t.Fatal(err)
	}
	return totals
}

func (f *fixture) checkTotals(when string, posts, users, newPosts int64) {
	f.t.Helper()
	if got, want := f.totals(), (store.Totals{Posts: posts, Users: users, NewPosts: newPosts}); got != want {
		f.t.Errorf("%s: got %+v, want %+v", when, got, want)
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	f.checkTotals("no posts", 0, 3, 0)
	post := f.post(f.users[0])
	f.post(f.users[1])
	f.exec(`INSERT INTO posts (owner_uid, content, created_at)
		SELECT $1, 'old', now() - n * interval '1 day' FROM generate_series(1, 5) n`, f.users[1])
	f.checkTotals("seven posts", 7, 3, 2)
	if err := f.store.DeleteOwnPost(t.Context(), f.users[0], post, nil); err != nil {
		t.Fatal(err)
	}
	f.checkTotals("one post deleted", 6, 3, 1)
	for range 3 {
		if _, err := f.store.FoldTotals(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		f.checkTotals("folded", 6, 3, 1)
	}
	taken := store.User{ID: "USER.1", Name: "Ann", PasswordHash: "no password"}
	if err := f.store.CreateUser(t.Context(), &taken); !is(err, apperror.Conflict) {
		t.Fatal(err)
	}
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	f.checkTotals("the account deleted", 0, 2, 0)
	if n := f.int(`SELECT count(*) FROM total_changes WHERE n = 0`); n != 0 {
		t.Errorf("%d changes by zero are stored", n)
	}
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.checkTotals("the account swept", 0, 2, 0)
	for range 2 {
		if _, err := f.store.FoldTotals(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		f.exec(`UPDATE totals SET quarter = quarter - interval '51 hours' WHERE quarter > '-infinity'`) // time passes
	}
	f.checkTotals("two days later", 0, 2, 0)
	if n := f.int(`SELECT count(*) FROM totals`); n != 2 {
		t.Errorf("%d totals are left, want one of posts and one of users", n)
	}
	f.exec(`DELETE FROM users WHERE uid = $1`, f.users[0]) // by an operator
	f.checkTotals("deleted by hand", 0, 1, 0)
	f.checkInvariants()
}

// While an account with many posts is deleted and swept, every reader sees all of its posts or none.
func TestTotalsDuringASweep(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	f.exec(`INSERT INTO posts (owner_uid, content) SELECT $1, 'x' FROM generate_series(1, 3000)`, f.users[0])
	f.post(f.users[1])
	f.checkTotals("before", 3001, 2, 3001)
	var stop atomic.Bool
	concurrently(3, func(i int) {
		switch i {
		case 0:
			defer stop.Store(true)
			if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[0])); err != nil {
				t.Error(err)
			}
			f.checkTotals("deleted", 1, 1, 1)
			if err := f.store.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		case 1:
			for !stop.Load() {
				if got := f.totals(); got.Posts != 3001 && got.Posts != 1 || got.Posts-got.NewPosts != 0 {
					t.Errorf("during the sweep: %+v", got)
				}
			}
		case 2:
			for !stop.Load() {
				if _, err := f.store.FoldTotals(t.Context(), 5); err != nil {
					t.Error(err)
				}
			}
		}
	})
	f.checkTotals("swept", 1, 1, 1)
	f.checkInvariants()
}

// Posts are created, deleted by their owners and deleted with their accounts, all at the same time,
// while two processes fold. No post is counted twice.
func TestTotalsOfConcurrentDeletions(t *testing.T) {
	t.Parallel()
	const users, posts = 8, 15
	f := newFixture(t, users)
	ids := make([][]int64, users)
	for i, user := range f.users {
		for range posts {
			ids[i] = append(ids[i], f.post(user))
		}
	}
	other := f.open("")
	concurrently(4*users, func(n int) {
		user := f.users[n%users]
		switch n / users {
		case 0: // deletes one post after the other
			for _, id := range ids[n%users] {
				allow(t, f.store.DeleteOwnPost(t.Context(), user, id, nil), apperror.NotFound)
			}
		case 1: // deletes the account meanwhile
			time.Sleep(time.Duration(n%users) * 3 * time.Millisecond) // at different moments
			if n%users > 0 {
				allow(t, f.store.DeleteAccount(t.Context(), f.credential(user)))
			}
		case 2: // creates posts meanwhile
			for range posts {
				_, err := createPost(t.Context(), f.store, user, "post")
				allow(t, err, apperror.BadToken)
			}
		case 3:
			for range posts {
				_, err := []*store.Store{f.store, other}[n%2].FoldTotals(t.Context(), 3)
				allow(t, err)
			}
		}
	})
	f.checkTotals("at the end", posts, 1, posts)
	allow(t, f.store.Sweep(t.Context()))
	f.checkTotals("swept", posts, 1, posts)
	f.checkInvariants()
}

// A post and its account are deleted in every order of the two transactions' steps.
func TestTotalsOfAPostDeletedWithItsAccount(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"post", "account"} {
		f := newFixture(t, 1)
		post := f.post(f.users[0])
		tx := f.begin()
		statements := map[string]string{
			"post": fmt.Sprintf(`DELETE FROM posts WHERE id = %d`, post),
			"account": fmt.Sprintf(`SELECT FROM users WHERE uid = %d FOR UPDATE;
				UPDATE users SET deleted_at = now() WHERE uid = %[1]d`, f.users[0]),
		}
		if forCitus(t) {
			statements["post"] = fmt.Sprintf(`SELECT delete_post(%d)`, post)
		}
		if _, err := tx.Exec(statements[first]); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			if first == "post" {
				done <- f.store.DeleteAccount(t.Context(), f.credential(f.users[0]))
				return
			}
			done <- f.store.DeleteOwnPost(t.Context(), f.users[0], post, nil)
		}()
		f.waitForLocks(1)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s first: %v", first, err)
		}
		f.checkTotals(first+" first", 0, 0, 0)
		f.checkInvariants()
	}
}
