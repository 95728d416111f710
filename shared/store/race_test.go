package store_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// In these tests many goroutines write at once, through two stores as two processes do. One of the stores is behind a
// PgBouncer. Afterwards every counter must be exact and no statement may have ended in a deadlock (see
// checkInvariants).

func TestFiftyUsersReactAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 51)
	post := f.post(f.users[50])
	second := f.openPooled()
	concurrently(50, func(i int) {
		s := f.store
		if i%2 == 1 {
			s = second
		}
		_, created, err := s.PutPostReaction(t.Context(), f.users[i], post, i%5+1)
		if err != nil || !created {
			t.Errorf("user %d: created %t, %v, want a new reaction", i, created, err)
		}
	})
	p, err := f.store.Post(t.Context(), 0, post)
	if want := (store.Tally{Type1: 10, Type2: 10, Type3: 10, Type4: 10, Type5: 10}); err != nil || p.Tally != want {
		t.Errorf("got %+v, %v, want %+v", p.Tally, err, want)
	}
	if n, err := f.store.UnreadCount(t.Context(), f.users[50]); n != 50 || err != nil {
		t.Errorf("%d notifications, %v, want 50", n, err)
	}
	f.checkInvariants()
}

func TestReactionAndCancellationInTurns(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	second := f.openPooled()
	const rounds = 100
	const notifications = `SELECT count(*) FROM notifications`
	for i := range rounds {
		if _, created, err := second.PutPostReaction(t.Context(), f.users[1], post, i%5+1); err != nil || !created {
			t.Fatalf("round %d: created %t, %v, want a new reaction", i, created, err)
		}
		if n := f.int(notifications); n != 1 {
			t.Errorf("round %d: %d notifications after the reaction, want 1", i, n)
		}
		if i == rounds-1 {
			break
		}
		if err := f.store.CancelPostReaction(t.Context(), f.users[1], post); err != nil {
			t.Fatal(err)
		}
		if n := f.int(notifications); n != 0 {
			t.Errorf("round %d: %d notifications after the cancellation, want 0", i, n)
		}
	}
	f.checkInvariants()
}

func TestOneUserThroughTwoProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	comment := f.comment(f.users[0], post)
	second := f.openPooled()
	concurrently(8, func(i int) {
		s := f.store
		if i%2 == 1 {
			s = second
		}
		for range 25 {
			switch rand.N(4) {
			case 0:
				allow(t, s.CancelPostReaction(t.Context(), f.users[1], post), apperror.NotFound)
			case 1:
				allow(t, s.CancelCommentReaction(t.Context(), f.users[1], comment), apperror.NotFound)
			case 2:
				_, _, err := s.PutPostReaction(t.Context(), f.users[1], post, rand.N(5)+1)
				allow(t, err)
			case 3:
				_, _, err := s.PutCommentReaction(t.Context(), f.users[1], comment, rand.N(5)+1)
				allow(t, err)
			}
		}
	})
	f.checkInvariants()
}

func TestDeletingAPostDuringWrites(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 8)
	second := f.openPooled()
	for range 5 {
		post := f.post(f.users[0])
		first := f.comment(f.users[1], post)
		concurrently(9, func(i int) {
			if i == 8 {
				for f.int(`SELECT count(*) FROM post_reactions WHERE post_id = $1`, post) == 0 {
					time.Sleep(time.Millisecond)
				}
				allow(t, f.store.DeleteOwnPost(t.Context(), f.users[0], post, nil))
				return
			}
			s := f.store
			if i%2 == 1 {
				s = second
			}
			for range 8 {
				_, _, err := s.PutPostReaction(t.Context(), f.users[i], post, i%5+1)
				allow(t, err, apperror.NotFound)
				comment, err := addComment(t.Context(), s, f.users[i], post, "comment")
				allow(t, err, apperror.NotFound)
				_, _, err = s.PutCommentReaction(t.Context(), f.users[i], first, i%5+1)
				allow(t, err, apperror.NotFound)
				if err == nil {
					_, err = s.EditOwnComment(t.Context(), f.users[i], comment.ID, nil, "edited")
					allow(t, err, apperror.NotFound)
					allow(t, s.DeleteOwnComment(t.Context(), f.users[i], comment.ID, nil), apperror.NotFound)
				}
				allow(t, s.CancelPostReaction(t.Context(), f.users[i], post), apperror.NotFound)
			}
		})
		f.checkNoRows(post)
	}
	f.checkInvariants()
}

func TestDeletingACommentDuringReactions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 8)
	second := f.openPooled()
	post := f.post(f.users[0])
	for range 5 {
		comment := f.comment(f.users[1], post)
		concurrently(9, func(i int) {
			if i == 8 {
				for f.int(`SELECT count(*) FROM comment_reactions WHERE comment_id = $1`, comment) == 0 {
					time.Sleep(time.Millisecond)
				}
				allow(t, f.store.DeleteOwnComment(t.Context(), f.users[1], comment, nil))
				return
			}
			s := f.store
			if i%2 == 1 {
				s = second
			}
			for range 10 {
				_, _, err := s.PutCommentReaction(t.Context(), f.users[i], comment, i%5+1)
				allow(t, err, apperror.NotFound)
				allow(t, s.CancelCommentReaction(t.Context(), f.users[i], comment), apperror.NotFound)
			}
		})
	}
	if n := f.int(`SELECT count(*) FROM comment_reactions`); n != 0 {
		t.Errorf("%d reactions to deleted comments are left", n)
	}
	f.checkInvariants()
}

func TestMarkingReadDuringWrites(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 7)
	owner := f.users[0]
	second := f.openPooled()
	for range 3 {
		posts := []int64{f.post(owner), f.post(owner), f.post(owner)}
		concurrently(9, func(i int) {
			ctx := t.Context()
			for range 12 {
				switch {
				case i < 2:
					_, err := f.store.ReadUpTo(ctx, owner, math.MaxInt64)
					allow(t, err)
				case i == 2:
					_, err := second.Notifications(ctx, owner, true, store.Page{Size: 100})
					allow(t, err)
					for _, id := range f.column(`SELECT id FROM notifications ORDER BY id DESC LIMIT 3`) {
						_, err := second.SetRead(ctx, owner, id, false)
						allow(t, err, apperror.NotFound)
					}
				case i == 8:
					post := posts[rand.N(len(posts))]
					comment, err := addComment(ctx, second, f.users[1], post, "comment")
					allow(t, err, apperror.NotFound)
					if err == nil {
						allow(t, second.DeleteOwnComment(ctx, f.users[1], comment.ID, nil), apperror.NotFound)
					}
				default:
					post := posts[rand.N(len(posts))]
					_, _, err := second.PutPostReaction(ctx, f.users[i-2], post, rand.N(5)+1)
					allow(t, err, apperror.NotFound)
					if rand.N(2) == 0 {
						allow(t, f.store.CancelPostReaction(ctx, f.users[i-2], post), apperror.NotFound)
					}
				}
			}
			if i == 3 {
				for _, post := range posts {
					allow(t, f.store.DeleteOwnPost(ctx, owner, post, nil))
				}
			}
		})
	}
	f.checkNoRows(0)
	f.checkInvariants()
}

// A caller whose context is cancelled neither loses the results of others nor leaves a reaction
// half stored.
func TestCanceledCallers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30)
	post := f.post(f.users[0])
	concurrently(30, func(i int) {
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			if i%3 == 0 {
				go cancel()
			}
			_, _, err := f.store.PutPostReaction(ctx, f.users[i], post, rand.N(5)+1)
			if err != nil && !(i%3 == 0 && errors.Is(err, context.Canceled)) {
				t.Error(err)
			}
			cancel()
		}
	})
	f.checkInvariants()
}
