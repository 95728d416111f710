package store

import (
	"context"
	"fmt"
	"time"
)

// Sweep deletes the rows of deleted accounts in small transactions, until there are none or ctx is
// done. It may be interrupted at any point and called again. Concurrent calls share the work.
func (s *Store) Sweep(ctx context.Context) error {
	forms, err := s.forms(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for {
		var uids []int64
		err := s.primary.all(ctx, &uids, `SELECT uid FROM users WHERE deleted_at IS NOT NULL ORDER BY uid LIMIT 10`)
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		if len(uids) == 0 {
			return nil
		}
		for _, uid := range uids {
			if err := s.sweepAccount(ctx, forms, uid); err != nil {
				return fmt.Errorf("sweep account %d: %w", uid, err)
			}
		}
	}
}

func (s *Store) sweepAccount(ctx context.Context, f *forms, uid int64) error {
	// Stored responses have the user's name.
	if err := s.repeat(ctx, f.sweepIdempotencyKeys, uid, f.sweepBatch); err != nil {
		return fmt.Errorf("idempotency keys: %w", err)
	}
	if err := s.repeat(ctx, f.sweepPostReactions, uid, f.sweepBatch); err != nil {
		return fmt.Errorf("reactions to posts: %w", err)
	}
	if err := s.repeat(ctx, f.sweepCommentReactions, uid, f.sweepBatch); err != nil {
		return fmt.Errorf("reactions to comments: %w", err)
	}
	if err := s.sweepComments(ctx, f, commentsOfUser, uid); err != nil {
		return fmt.Errorf("comments: %w", err)
	}
	if err := s.sweepPosts(ctx, f, uid); err != nil {
		return fmt.Errorf("posts: %w", err)
	}
	if err := s.repeat(ctx, f.sweepNotifications, uid, f.sweepBatch); err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	// No other row refers to the user's by now, so this cascades to none.
	_, err := s.primary.exec(ctx, `DELETE FROM users WHERE uid = $1 AND deleted_at IS NOT NULL`, uid)
	return err
}

// repeat runs a statement until it chooses no rows, each time in a transaction of its own. The
// statement must return how many rows it chose. It may delete fewer: another process may delete a
// chosen row first, and then it is not chosen again.
func (s *Store) repeat(ctx context.Context, statement string, args ...any) error {
	for chosen := 1; chosen > 0; {
		begun := time.Now()
		if err := s.primary.one(ctx, &chosen, statement, args...); err != nil {
			return err
		}
		if chosen > 0 {
			pause(ctx, begun)
		}
	}
	return nil
}

// pause waits for as long as a batch took that began at the time, or until ctx is done. So a sweep
// leaves half of the time to requests.
func pause(ctx context.Context, begun time.Time) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Since(begun)):
	}
}

// sweepComments deletes the comments that a statement lists. A comment with more reactions than one
// batch may delete loses them first.
func (s *Store) sweepComments(ctx context.Context, f *forms, list string, id int64) error {
	for {
		begun := time.Now()
		var comments []batchItem
		if err := s.primary.all(ctx, &comments, list, id, f.sweepBatch); err != nil || len(comments) == 0 {
			return err
		}
		if first := comments[0]; first.Rows > f.sweepBatch {
			if err := s.repeat(ctx, f.sweepReactionsToComment, first.PostID, first.ID, f.sweepBatch); err != nil {
				return err
			}
		}
		var posts, ids []int64
		for _, comment := range comments[:fitting(comments, f.sweepBatch)] {
			posts, ids = append(posts, comment.PostID), append(ids, comment.ID)
		}
		if _, err := s.primary.exec(ctx, f.sweepComments, posts, ids); err != nil {
			return err
		}
		pause(ctx, begun)
	}
}

// sweepPosts deletes the user's posts, newest first, as most readers start there. A post with more
// comments and reactions than one batch may delete loses them first.
func (s *Store) sweepPosts(ctx context.Context, f *forms, uid int64) error {
	for {
		begun := time.Now()
		var posts []batchItem
		if err := s.primary.all(ctx, &posts, postsOfUser, uid, f.sweepBatch); err != nil || len(posts) == 0 {
			return err
		}
		if first := posts[0]; first.Rows > f.sweepBatch {
			if err := s.repeat(ctx, f.sweepReactionsToPost, first.ID, f.sweepBatch); err != nil {
				return err
			}
			if err := s.sweepComments(ctx, f, commentsOfPost, first.ID); err != nil {
				return err
			}
		}
		var ids []int64
		for _, post := range posts[:fitting(posts, f.sweepBatch)] {
			ids = append(ids, post.ID)
		}
		if _, err := s.primary.exec(ctx, f.sweepPosts, ids); err != nil {
			return err
		}
		pause(ctx, begun)
	}
}

// A batchItem is a post or a comment to delete.
type batchItem struct {
	ID     int64
	PostID int64 // of a comment
	Rows   int   // how many rows are deleted with it, itself included
}

// fitting returns how many of the items one batch may delete: as many as have this many rows in
// total, but at least one.
func fitting(items []batchItem, batch int) (n int) {
	for rows := 0; n < len(items); n++ {
		if rows += items[n].Rows; rows > batch && n > 0 {
			break
		}
	}
	return n
}
