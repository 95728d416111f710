package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// A Comment as stored, with its owner and the viewer's reaction.
type Comment struct {
	bun.BaseModel `bun:"table:comments,alias:c"`

	ID         int64
	PostID     int64
	OwnerUID   int64
	Owner      Person `bun:"embed:owner_"`
	Content    string // 1–1000 code points
	Modified   bool
	Revision   int
	Tally      Tally `bun:"embed:reaction_"`
	MyReaction *int  // 1–5; nil without a viewer
	CreatedAt  time.Time
}

const (
	commentColumns = `c.id, c.post_id, c.owner_uid, c.content, c.modified, c.revision,
		c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5, c.created_at,
		u.id AS owner_id, u.name AS owner_name, u.nickname AS owner_nickname`
	// $1 is the viewer's uid. A comment is seen where its owner and its post's owner are.
	commentSelect = `
		SELECT ` + commentColumns + `, (
			SELECT r.type FROM comment_reactions r WHERE r.post_id = c.post_id AND r.comment_id = c.id AND r.user_uid = $1
		) AS my_reaction
		FROM comments c
		JOIN users u ON u.uid = c.owner_uid AND u.deleted_at IS NULL`
	commentByID = commentSelect + `
		JOIN posts p ON p.id = c.post_id
		JOIN users o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
		WHERE c.id = $2`
	// As in postTimeline, the order leaves PostgreSQL no other index.
	commentList = commentSelect + `
		WHERE c.post_id = ANY (ARRAY[$2::bigint]) AND c.id < $3 AND ` + postIsSeen + `$2))
		ORDER BY c.post_id DESC, c.id DESC`
	// A post is seen where its owner is. The post's id and two parentheses go behind. One row is looked up after the
	// other: a join of the two might be made by reading users from the first on.
	postIsSeen = `(SELECT o.deleted_at IS NULL FROM users o WHERE o.uid = (SELECT p.owner_uid FROM posts p WHERE p.id = `
)

var errNoComment = apperror.New(apperror.NotFound, "There is no such comment; it may have been deleted.")

// AddCommentOnce stores the viewer's comment on a post, counts it and tells the post's owner, all in one statement.
// NotFound where there is no such post, BadToken where the viewer's account is gone. The answer is kept as render makes it.
func (s *Store) AddComment(ctx context.Context, viewer, post int64, content string, o IdempotencyKey, render func(Comment) ([]byte, error)) (StoredResponse, error) {
	return s.once(ctx, viewer, o, func(ctx context.Context, db bun.IDB) (int64, []byte, error) {
		comment, err := addComment(ctx, db, viewer, post, content)
		if err != nil {
			return 0, nil, err
		}
		body, err := render(comment)
		return comment.ID, body, err
	})
}

// AddComment is AddCommentOnce for a caller that needs no second chance.
func (s *Store) AddCommentDirect(ctx context.Context, viewer, post int64, content string) (Comment, error) {
	return addComment(ctx, s.db, viewer, post, content)
}

func addComment(ctx context.Context, db bun.IDB, viewer, post int64, content string) (Comment, error) {
	var comment Comment
	// The post's row comes first: it is the lock of all that hangs on the post.
	err := db.NewRaw(`
		WITH u AS (
			SELECT uid, id, name, nickname FROM users WHERE uid = ? AND deleted_at IS NULL FOR KEY SHARE
		), p AS (
			UPDATE posts SET comment_count = comment_count + 1 FROM u
			WHERE posts.id = ? AND EXISTS (SELECT FROM users o WHERE o.uid = posts.owner_uid AND o.deleted_at IS NULL)
			RETURNING posts.id, posts.owner_uid
		), c AS (
			INSERT INTO comments (post_id, owner_uid, content) SELECT p.id, u.uid, ? FROM p, u
			RETURNING id, post_id, owner_uid, content, modified, revision,
				reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at
		), told AS (
			INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
			SELECT p.owner_uid, 1, c.owner_uid, c.post_id, c.id FROM p, c WHERE p.owner_uid <> c.owner_uid
		)
		SELECT `+commentColumns+` FROM u LEFT JOIN c ON true`, viewer, post, content).Scan(ctx, &comment)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return comment, errAccount
	case err != nil:
		return comment, fmt.Errorf("add comment to post %d: %w", post, err)
	case comment.ID == 0:
		return comment, errNoPost
	}
	return comment, nil
}

// Comment finds one comment as the viewer sees it; NotFound where there is none.
func (s *Store) Comment(ctx context.Context, viewer, id int64) (Comment, error) {
	return s.commentIn(ctx, s.db.DB, viewer, id)
}

func (s *Store) commentIn(ctx context.Context, q queryer, viewer, id int64) (Comment, error) {
	var comments []Comment
	if err := s.readIn(ctx, q, &comments, commentByID, viewer, id); err != nil {
		return Comment{}, fmt.Errorf("read comment %d: %w", id, err)
	}
	if len(comments) == 0 {
		return Comment{}, errNoComment
	}
	return comments[0], nil
}

// Comments lists a post's comments, newest first; NotFound where there is no such post.
func (s *Store) Comments(ctx context.Context, viewer, post int64, p Page) (List[Comment], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Comment]{}, err
	}
	var comments []Comment
	if err := s.read(ctx, &comments, commentList+p.limit(), viewer, post, before); err != nil {
		return List[Comment]{}, fmt.Errorf("list comments of post %d: %w", post, err)
	}
	if len(comments) == 0 { // none, or nothing to have any
		if _, err := s.Post(ctx, viewer, post); err != nil {
			return List[Comment]{}, err
		}
	}
	return listOf(comments, p, func(c Comment) string { return idKey(c.ID) }), nil
}

// EditOwnComment gives the viewer's comment another content and answers it whole; the same content changes nothing.
// It tells a missing comment (NotFound), somebody else's (Forbidden) and one that match does not allow (Stale).
func (s *Store) EditOwnComment(ctx context.Context, viewer, id int64, match Match, content string) (comment Comment, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		before, err := lockOwnComment(ctx, tx, viewer, id, match)
		if err != nil {
			return err
		}
		if before.Content != content {
			_, err := tx.NewRaw(`UPDATE comments SET content = ?, modified = true, revision = revision + 1 WHERE post_id = ? AND id = ?`,
				content, before.PostID, id).Exec(ctx)
			if err != nil {
				return err
			}
		}
		comment, err = s.commentIn(ctx, tx.Tx, viewer, id)
		return err
	})
	if err != nil {
		return comment, fmt.Errorf("edit comment %d: %w", id, err)
	}
	return comment, nil
}

// DeleteOwnComment removes the viewer's comment with its reactions and its notification, and counts it off.
// It tells apart what EditOwnComment does.
func (s *Store) DeleteOwnComment(ctx context.Context, viewer, id int64, match Match) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		comment, err := lockOwnComment(ctx, tx, viewer, id, match)
		if err != nil {
			return err
		}
		_, err = tx.NewRaw(`
			WITH gone AS (DELETE FROM comments WHERE post_id = ?0 AND id = ?1)
			UPDATE posts SET comment_count = comment_count - 1 WHERE id = ?0`, comment.PostID, id).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete comment %d: %w", id, err)
	}
	return nil
}

// lockOwnComment takes the rows of the comment's post and of the comment, in this order, for the rest of the transaction.
func lockOwnComment(ctx context.Context, tx bun.Tx, viewer, id int64, match Match) (Comment, error) {
	var comment Comment
	err := tx.NewRaw(`
		WITH p AS MATERIALIZED (
			SELECT p.id FROM posts p JOIN users o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE p.id = (SELECT post_id FROM comments WHERE id = ?0) FOR NO KEY UPDATE OF p
		)
		SELECT c.id, c.post_id, c.owner_uid, c.content, c.revision
		FROM p JOIN comments c ON c.post_id = p.id AND c.id = ?0 JOIN users u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
		FOR UPDATE OF c`, id).Scan(ctx, &comment)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return comment, errNoComment
	case err != nil:
		return comment, err
	case comment.OwnerUID != viewer:
		return comment, apperror.New(apperror.Forbidden, "")
	}
	return comment, match.check(comment.Revision)
}
