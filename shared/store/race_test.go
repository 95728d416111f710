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

func TestFiftyReactAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 51)
	post := f.post(f.users[50])
	second := f.open("")
	concurrently(50, func(i int) {
		s := f.store
		if i%2 == 1 {
			s = second
		}
		_, created, err := s.PutPostReaction(t.Context(), f.users[i], post, i%5+1)
		if err != nil || !created {
			t.Errorf("user %d: created %v, %v", i, created, err)
		}
	})
	p, err := f.store.Post(t.Context(), 0, post)
	if tally := p.Tally; err != nil || tally.Type1 != 10 || tally.Type2 != 10 || tally.Type3 != 10 || tally.Type4 != 10 || tally.Type5 != 10 {
		t.Errorf("%+v, %v", tally, err)
	}
	if n, err := f.store.UnreadCount(t.Context(), f.users[50]); n != 50 || err != nil {
		t.Errorf("%d notifications, %v", n, err)
	}
	f.checkInvariants()
}

func TestReactingAndCancellingAHundredTimes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	second := f.open("")
	most := 0
	for i := range 100 {
		if _, created, err := second.PutPostReaction(t.Context(), f.users[1], post, i%5+1); err != nil || !created {
			t.Fatalf("round %d: created %v, %v", i, created, err)
		}
		most = max(most, f.int(`SELECT count(*) FROM notifications`))
		if i == 99 {
			break
		}
		if err := f.store.CancelPostReaction(t.Context(), f.users[1], post); err != nil {
			t.Fatal(err)
		}
		most = max(most, 1+f.int(`SELECT count(*) FROM notifications`))
	}
	if most != 1 {
		t.Errorf("there were %d notifications at a time", most)
	}
	f.checkInvariants()
}

func TestOneUserThroughTwoProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	comment := f.comment(f.users[0], post)
	second := f.open("")
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

func TestDeletingAPostUnderWriters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 8)
	second := f.open("")
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

func TestDeletingACommentUnderReactions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 8)
	second := f.open("")
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
		t.Errorf("%d reactions to comments that are gone", n)
	}
	f.checkInvariants()
}

func TestReadingUpToUnderWriters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 7)
	ann := f.users[0]
	second := f.open("")
	for range 3 {
		posts := []int64{f.post(ann), f.post(ann), f.post(ann)}
		concurrently(9, func(i int) {
			ctx := t.Context()
			for range 12 {
				switch {
				case i < 2:
					_, err := f.store.ReadUpTo(ctx, ann, math.MaxInt64)
					allow(t, err)
				case i == 2:
					_, err := second.Notifications(ctx, ann, true, store.Page{Size: 100})
					allow(t, err)
					for _, id := range f.column(`SELECT id FROM notifications ORDER BY id DESC LIMIT 3`) {
						_, err := second.SetRead(ctx, ann, id, false)
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
					allow(t, f.store.DeleteOwnPost(ctx, ann, post, nil))
				}
			}
		})
	}
	f.checkNoRows(0)
	f.checkInvariants()
}

// A caller that goes away does not take the others' answers with it, nor leave half of anything.
func TestCallersThatGoAway(t *testing.T) {
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
