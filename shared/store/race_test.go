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
	c := gather(t, 51)
	post := c.post(c.users[50])
	second := c.process("")
	all(50, func(i int) {
		s := c.store
		if i%2 == 1 {
			s = second
		}
		_, created, err := s.PutPostReaction(t.Context(), c.users[i], post, i%5+1)
		if err != nil || !created {
			t.Errorf("user %d: created %v, %v", i, created, err)
		}
	})
	p, err := c.store.Post(t.Context(), 0, post)
	if tally := p.Tally; err != nil || tally.Type1 != 10 || tally.Type2 != 10 || tally.Type3 != 10 || tally.Type4 != 10 || tally.Type5 != 10 {
		t.Errorf("%+v, %v", tally, err)
	}
	if n, err := c.store.UnreadCount(t.Context(), c.users[50]); n != 50 || err != nil {
		t.Errorf("%d notifications, %v", n, err)
	}
	c.settle()
}

func TestReactingAndCancellingAHundredTimes(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	post := c.post(c.users[0])
	second := c.process("")
	most := 0
	for i := range 100 {
		if _, created, err := second.PutPostReaction(t.Context(), c.users[1], post, i%5+1); err != nil || !created {
			t.Fatalf("round %d: created %v, %v", i, created, err)
		}
		most = max(most, c.int(`SELECT count(*) FROM notifications`))
		if i == 99 {
			break
		}
		if err := c.store.CancelPostReaction(t.Context(), c.users[1], post); err != nil {
			t.Fatal(err)
		}
		most = max(most, 1+c.int(`SELECT count(*) FROM notifications`))
	}
	if most != 1 {
		t.Errorf("there were %d notifications at a time", most)
	}
	c.settle()
}

func TestOneUserThroughTwoProcesses(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	post := c.post(c.users[0])
	comment := c.comment(c.users[0], post)
	second := c.process("")
	all(8, func(i int) {
		s := c.store
		if i%2 == 1 {
			s = second
		}
		for range 25 {
			switch rand.N(4) {
			case 0:
				allow(t, s.CancelPostReaction(t.Context(), c.users[1], post), apperror.NotFound)
			case 1:
				allow(t, s.CancelCommentReaction(t.Context(), c.users[1], comment), apperror.NotFound)
			case 2:
				_, _, err := s.PutPostReaction(t.Context(), c.users[1], post, rand.N(5)+1)
				allow(t, err)
			case 3:
				_, _, err := s.PutCommentReaction(t.Context(), c.users[1], comment, rand.N(5)+1)
				allow(t, err)
			}
		}
	})
	c.settle()
}

func TestDeletingAPostUnderWriters(t *testing.T) {
	t.Parallel()
	c := gather(t, 8)
	second := c.process("")
	for range 5 {
		post := c.post(c.users[0])
		first := c.comment(c.users[1], post)
		all(9, func(i int) {
			if i == 8 {
				for c.int(`SELECT count(*) FROM post_reactions WHERE post_id = $1`, post) == 0 {
					time.Sleep(time.Millisecond)
				}
				allow(t, c.store.DeleteOwnPost(t.Context(), c.users[0], post, nil))
				return
			}
			s := c.store
			if i%2 == 1 {
				s = second
			}
			for range 8 {
				_, _, err := s.PutPostReaction(t.Context(), c.users[i], post, i%5+1)
				allow(t, err, apperror.NotFound)
				comment, err := s.AddCommentDirect(t.Context(), c.users[i], post, "comment")
				allow(t, err, apperror.NotFound)
				_, _, err = s.PutCommentReaction(t.Context(), c.users[i], first, i%5+1)
				allow(t, err, apperror.NotFound)
				if err == nil {
					_, err = s.EditOwnComment(t.Context(), c.users[i], comment.ID, nil, "edited")
					allow(t, err, apperror.NotFound)
					allow(t, s.DeleteOwnComment(t.Context(), c.users[i], comment.ID, nil), apperror.NotFound)
				}
				allow(t, s.CancelPostReaction(t.Context(), c.users[i], post), apperror.NotFound)
			}
		})
		c.nothing(post)
	}
	c.settle()
}

func TestDeletingACommentUnderReactions(t *testing.T) {
	t.Parallel()
	c := gather(t, 8)
	second := c.process("")
	post := c.post(c.users[0])
	for range 5 {
		comment := c.comment(c.users[1], post)
		all(9, func(i int) {
			if i == 8 {
				for c.int(`SELECT count(*) FROM comment_reactions WHERE comment_id = $1`, comment) == 0 {
					time.Sleep(time.Millisecond)
				}
				allow(t, c.store.DeleteOwnComment(t.Context(), c.users[1], comment, nil))
				return
			}
			s := c.store
			if i%2 == 1 {
				s = second
			}
			for range 10 {
				_, _, err := s.PutCommentReaction(t.Context(), c.users[i], comment, i%5+1)
				allow(t, err, apperror.NotFound)
				allow(t, s.CancelCommentReaction(t.Context(), c.users[i], comment), apperror.NotFound)
			}
		})
	}
	if n := c.int(`SELECT count(*) FROM comment_reactions`); n != 0 {
		t.Errorf("%d reactions to comments that are gone", n)
	}
	c.settle()
}

func TestReadingUpToUnderWriters(t *testing.T) {
	t.Parallel()
	c := gather(t, 7)
	ann := c.users[0]
	second := c.process("")
	for range 3 {
		posts := []int64{c.post(ann), c.post(ann), c.post(ann)}
		all(9, func(i int) {
			ctx := t.Context()
			for range 12 {
				switch {
				case i < 2:
					_, err := c.store.ReadUpTo(ctx, ann, math.MaxInt64)
					allow(t, err)
				case i == 2:
					_, err := second.Notifications(ctx, ann, true, store.Page{Size: 100})
					allow(t, err)
					for _, id := range c.column(`SELECT id FROM notifications ORDER BY id DESC LIMIT 3`) {
						_, err := second.SetRead(ctx, ann, id, false)
						allow(t, err, apperror.NotFound)
					}
				case i == 8:
					post := posts[rand.N(len(posts))]
					comment, err := second.AddCommentDirect(ctx, c.users[1], post, "comment")
					allow(t, err, apperror.NotFound)
					if err == nil {
						allow(t, second.DeleteOwnComment(ctx, c.users[1], comment.ID, nil), apperror.NotFound)
					}
				default:
					post := posts[rand.N(len(posts))]
					_, _, err := second.PutPostReaction(ctx, c.users[i-2], post, rand.N(5)+1)
					allow(t, err, apperror.NotFound)
					if rand.N(2) == 0 {
						allow(t, c.store.CancelPostReaction(ctx, c.users[i-2], post), apperror.NotFound)
					}
				}
			}
			if i == 3 {
				for _, post := range posts {
					allow(t, c.store.DeleteOwnPost(ctx, ann, post, nil))
				}
			}
		})
	}
	c.nothing(0)
	c.settle()
}

// A caller that goes away does not take the others' answers with it, nor leave half of anything.
func TestCallersThatGoAway(t *testing.T) {
	t.Parallel()
	c := gather(t, 30)
	post := c.post(c.users[0])
	all(30, func(i int) {
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			if i%3 == 0 {
				go cancel()
			}
			_, _, err := c.store.PutPostReaction(ctx, c.users[i], post, rand.N(5)+1)
			if err != nil && !(i%3 == 0 && errors.Is(err, context.Canceled)) {
				t.Error(err)
			}
			cancel()
		}
	})
	c.settle()
}
