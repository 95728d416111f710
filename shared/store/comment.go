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

// A Comment is a comment with its owner and the viewer's reaction.
type Comment struct {
	bun.BaseModel `bun:"table:comments,alias:c"`

	ID         int64
	PostID     int64
	OwnerUID   int64
	Owner      Person `bun:"embed:owner_"`
	Content    string // 1–1000 code points
	Modified   bool
	Revision   int   // changes with the content only
	Tally      Tally `bun:"embed:reaction_"`
	MyReaction *int  // the viewer's, 1–5; nil without a viewer
	CreatedAt  time.Time
}

func (c *Comment) columns() []any {
	t := &c.Tally
	return []any{
		&c.ID, &c.PostID, &c.OwnerUID, &c.Content, &c.Modified, &c.Revision,
		&t.Type1, &t.Type2, &t.Type3, &t.Type4, &t.Type5, &c.CreatedAt,
		&c.Owner.ID, &c.Owner.Name, &c.Owner.Nickname, &c.MyReaction,
	}
}

// $1 is the viewer's uid. A comment is visible while its owner and its post's owner have accounts.
const (
	commentColumns = `c.id, c.post_id, c.owner_uid, c.content, c.modified, c.revision,
		c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5, c.created_at,
		u.id AS owner_id, u.name AS owner_name, u.nickname AS owner_nickname`

	commentByID = `
		SELECT ` + commentColumns + `, (
			SELECT r.type FROM comment_reactions r
			WHERE r.post_id = c.post_id AND r.comment_id = c.id AND r.user_uid = $1
		) AS my_reaction
		FROM comments c
		JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
		JOIN posts p ON p.id = c.post_id
		JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
		WHERE c.id = $2`
	// The bounds are those that readPage describes.
	commentList = commentListOf + `
		(c.post_id, c.id) < ((SELECT $2::bigint), $3) AND (c.post_id, c.id) > ((SELECT $2::bigint), 0)` +
		commentListOrder
	// It names the post, so that Citus reads one server.
	commentListOnCitus = commentListOf + `c.post_id = ANY (ARRAY[$2::bigint]) AND c.id < $3` + commentListOrder

	// The post and its owner are looked up one after the other: a join of the two may read people from
	// the first one on.
	commentListOf = `
		SELECT ` + commentColumns + `, (
			SELECT r.type FROM comment_reactions r
			WHERE r.post_id = $2 AND r.comment_id = c.id AND r.user_uid = $1
		) AS my_reaction
		FROM comments c
		JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
		WHERE (SELECT o.deleted_at IS NULL FROM people o
			WHERE o.uid = (SELECT p.owner_uid FROM posts p WHERE p.id = $2)) AND `
	commentListOrder = ` ORDER BY c.post_id DESC, c.id DESC`
)

var errNoComment = apperror.New(apperror.NotFound, "There is no such comment; it may have been deleted.")

// AddComment adds a comment with the PostID, the OwnerUID and the Content of comment, counts it,
// notifies the post's owner, and returns the response that encode makes of the comment. If the key
// was used before, it returns the stored response instead (see IdempotencyKey). It returns a
// NotFound error for a missing post, and BadToken if the comment's owner's account has been deleted.
func (s *Store) AddComment(
	ctx context.Context, comment Comment, key IdempotencyKey, encode func(Comment) ([]byte, error),
) (StoredResponse, error) {
	create := func(ctx context.Context, f *forms, w writer) (StoredResponse, error) {
		added, err := insertComment(ctx, f, w, comment)
		if err != nil {
			return StoredResponse{}, err
		}
		body, err := encode(added)
		return StoredResponse{ID: added.ID, Body: body}, err
	}
	return s.createOnce(ctx, comment.OwnerUID, key, create)
}

// addComment locks the post's row before the comment's, as lockComment does.
const addComment = `
	WITH u AS (
		SELECT uid, id, name, nickname FROM users WHERE uid = $1 AND deleted_at IS NULL FOR KEY SHARE
	), p AS (
		UPDATE posts SET comment_count = comment_count + 1 FROM u
		WHERE posts.id = $2 AND EXISTS (SELECT FROM people o WHERE o.uid = posts.owner_uid AND o.deleted_at IS NULL)
		RETURNING posts.id, posts.owner_uid
	), c AS (
		INSERT INTO comments (post_id, owner_uid, content) SELECT p.id, u.uid, $3 FROM p, u
		RETURNING id, post_id, owner_uid, content, modified, revision,
			reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at
	), notified AS (
		INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
		SELECT p.owner_uid, 1, c.owner_uid, c.post_id, c.id FROM p, c WHERE p.owner_uid <> c.owner_uid
	)
	SELECT ` + commentColumns + ` FROM u LEFT JOIN c ON true`

func insertComment(ctx context.Context, f *forms, w writer, comment Comment) (added Comment, err error) {
	err = w.one(ctx, &added, f.addComment, comment.OwnerUID, comment.PostID, comment.Content)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return added, errAccount
	case err != nil:
		return added, fmt.Errorf("add comment to post %d: %w", comment.PostID, err)
	case added.ID == 0:
		return added, errNoPost
	}
	return added, nil
}

// Comment returns a comment as the viewer sees it, or a NotFound error.
func (s *Store) Comment(ctx context.Context, viewer, id int64) (Comment, error) {
	forms, err := s.forms(ctx)
	if err != nil {
		return Comment{}, err
	}
	return readComment(ctx, s.hotReads, forms.commentByID, viewer, id)
}

func readComment(ctx context.Context, r reader, statement string, viewer, id int64) (comment Comment, err error) {
	err = r.one(ctx, &comment, statement, viewer, id)
	if errors.Is(err, sql.ErrNoRows) {
		return comment, errNoComment
	}
	if err != nil {
		return comment, fmt.Errorf("read comment %d: %w", id, err)
	}
	return comment, nil
}

// Comments lists a post's comments, newest first. It returns a NotFound error for a missing post.
func (s *Store) Comments(ctx context.Context, viewer, post int64, p Page) (List[Comment], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Comment]{}, err
	}
	forms, err := s.forms(ctx)
	if err != nil {
		return List[Comment]{}, err
	}
	key := func(c Comment) string { return idKey(c.ID) }
	list, err := readPage(ctx, s.hotReads, p, key, forms.commentList, viewer, post, before)
	if err != nil {
		return list, fmt.Errorf("list comments of post %d: %w", post, err)
	}
	if len(list.Items) == 0 { // the post has no comments, or there is no post
		if _, err := s.Post(ctx, viewer, post); err != nil {
			return List[Comment]{}, err
		}
	}
	return list, nil
}

// EditOwnComment replaces the content of the viewer's comment and returns the comment; the same
// content changes nothing. It returns a NotFound error for a missing comment, Forbidden for another
// user's and PreconditionFailed for a revision that match does not list.
func (s *Store) EditOwnComment(
	ctx context.Context, viewer, id int64, match Match, content string,
) (comment Comment, err error) {
	forms, err := s.forms(ctx)
	if err != nil {
		return comment, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		before, err := lockOwnComment(ctx, tx, forms.lockComment, viewer, id, match)
		if err != nil {
			return err
		}
		if before.Content != content {
			_, err := tx.exec(ctx, `
				UPDATE comments SET content = $3, modified = true, revision = revision + 1
				WHERE post_id = $1 AND id = $2`,
				before.PostID, id, content)
			if err != nil {
				return err
			}
		}
		comment, err = readComment(ctx, tx.hot.reader, forms.commentByID, viewer, id)
		return err
	})
	if err != nil {
		return comment, fmt.Errorf("edit comment %d: %w", id, err)
	}
	return comment, nil
}

// DeleteOwnComment deletes the viewer's comment with its reactions and its notification, and
// decrements the post's counter. It returns the errors that EditOwnComment does.
func (s *Store) DeleteOwnComment(ctx context.Context, viewer, id int64, match Match) error {
	forms, err := s.forms(ctx)
	if err != nil {
		return err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		comment, err := lockOwnComment(ctx, tx, forms.lockComment, viewer, id, match)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, forms.deleteComment, comment.PostID, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete comment %d: %w", id, err)
	}
	return nil
}

const (
	// lockComment locks the row of the comment's post, then the comment's. Every transaction that locks
	// both takes them in this order, so that no two deadlock.
	lockComment = `
		WITH p AS MATERIALIZED (
			SELECT p.id FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
			WHERE p.id = (SELECT post_id FROM comments WHERE id = $1) FOR NO KEY UPDATE OF p
		)
		SELECT c.id, c.post_id, c.owner_uid, c.content, c.revision
		FROM p
		JOIN comments c ON c.post_id = p.id AND c.id = $1
		JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
		FOR UPDATE OF c`
	deleteComment = `
		WITH deleted AS (DELETE FROM comments WHERE post_id = $1 AND id = $2)
		UPDATE posts SET comment_count = comment_count - 1 WHERE id = $1`
)

// lockOwnComment locks the comment with the statement, until the end of the transaction.
func lockOwnComment(
	ctx context.Context, tx transaction, statement string, viewer, id int64, match Match,
) (comment Comment, err error) {
	err = tx.one(ctx, &comment, statement, id)
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
