package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// A Post is a post with its owner and the viewer's reaction. Its counters always equal the number
// of rows they count.
type Post struct {
	bun.BaseModel `bun:"table:posts,alias:p"`

	ID           int64
	OwnerUID     int64
	Owner        Person `bun:"embed:owner_"`
	Content      string // 1–3000 code points
	Modified     bool
	Revision     int // changes with the content only
	CommentCount int
	Tally        Tally `bun:"embed:reaction_"`
	MyReaction   *int  // the viewer's, 1–5; nil without a viewer
	CreatedAt    time.Time

	// Memo is shared by the requests that get this post without a reaction of the viewer. It is nil if no others may.
	Memo *Memo `bun:"-"`
}

// A Memo keeps the JSON of a row that several requests share, so that it is made once. Its bytes must not be changed.
type Memo = atomic.Pointer[[]byte]

// columns are those of postColumns, and the viewer's reaction.
func (p *Post) columns() []any { return append(p.visibleColumns(), &p.MyReaction) }

func (p *Post) visibleColumns() []any {
	t := &p.Tally
	return []any{
		&p.ID, &p.OwnerUID, &p.Content, &p.Modified, &p.Revision, &p.CommentCount,
		&t.Type1, &t.Type2, &t.Type3, &t.Type4, &t.Type5, &p.CreatedAt,
		&p.Owner.ID, &p.Owner.Name, &p.Owner.Nickname,
	}
}

// A Tally counts reactions by type.
type Tally struct {
	Type1 int `bun:"1"`
	Type2 int `bun:"2"`
	Type3 int `bun:"3"`
	Type4 int `bun:"4"`
	Type5 int `bun:"5"`
}

// A Match lists the revisions that an edit or deletion may apply to. A nil Match allows any, an
// empty one none.
type Match []int

func (m Match) check(revision int) error {
	if m == nil || slices.Contains(m, revision) {
		return nil
	}
	return apperror.New(apperror.PreconditionFailed,
		"If-Match: the content has changed since you read it; read it again before you decide")
}

// $1 is the viewer's uid; 0, which no user has, means no viewer. The viewer's reaction is looked up
// by its key and not joined: for a viewer without statistics, PostgreSQL may join by reading every
// reaction that the viewer ever made.
const (
	postColumns = `p.id, p.owner_uid, p.content, p.modified, p.revision, p.comment_count,
		p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5, p.created_at,
		u.id AS owner_id, u.name AS owner_name, u.nickname AS owner_nickname`
	myPostReaction = `(SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = $1) AS my_reaction`

	// It names the post twice, so that Citus reads one server.
	postByID = `
		SELECT ` + postColumns + `, (
			SELECT r.type FROM post_reactions r WHERE r.post_id = $2 AND r.user_uid = $1
		) AS my_reaction
		FROM posts p JOIN people u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
		WHERE p.id = $2`
	// The bounds are those that readPage describes.
	postTimeline = `
		SELECT ` + postColumns + `, ` + myPostReaction + `
		FROM posts p JOIN people u ON u.uid = $3 AND u.deleted_at IS NULL
		WHERE (p.owner_uid, p.id) < ((SELECT $3::bigint), $2) AND (p.owner_uid, p.id) > ((SELECT $3::bigint), 0)
		ORDER BY p.owner_uid DESC, p.id DESC`
	// The same for an ID.
	postTimelineOf = `
		WITH u AS MATERIALIZED (
			SELECT uid, id, name, nickname FROM people WHERE lower(id) = lower($3) AND deleted_at IS NULL
		)
		SELECT ` + postColumns + `, ` + myPostReaction + `
		FROM posts p, u
		WHERE (p.owner_uid, p.id) < ((SELECT uid FROM u), $2) AND (p.owner_uid, p.id) > ((SELECT uid FROM u), 0)
		ORDER BY p.owner_uid DESC, p.id DESC`
)

var errNoPost = apperror.New(apperror.NotFound, "There is no such post; it may have been deleted.")

// CreatePost creates a post with the OwnerUID and the Content of post, and returns the response that
// encode makes of it. If the key was used before, it returns the stored response instead (see
// IdempotencyKey). It returns a BadToken error if the owner's account has been deleted.
func (s *Store) CreatePost(
	ctx context.Context, post Post, key IdempotencyKey, encode func(Post) ([]byte, error),
) (StoredResponse, error) {
	return s.createOnce(ctx, post.OwnerUID, key, func(ctx context.Context, f *forms, w writer) (StoredResponse, error) {
		created, err := insertPost(ctx, f, w, post)
		if err != nil {
			return StoredResponse{}, err
		}
		body, err := encode(created)
		return StoredResponse{ID: created.ID, Body: body}, err
	})
}

// FOR KEY SHARE makes the deletion of the account wait, so that no post is created after it.
const createPost = `
	WITH u AS (
		SELECT uid, id, name, nickname FROM users WHERE uid = $1 AND deleted_at IS NULL FOR KEY SHARE
	), p AS (
		INSERT INTO posts (owner_uid, content) SELECT uid, $2 FROM u
		RETURNING id, owner_uid, content, modified, revision, comment_count,
			reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at
	)
	SELECT ` + postColumns + ` FROM p, u`

func insertPost(ctx context.Context, f *forms, w writer, post Post) (created Post, err error) {
	err = w.one(ctx, &created, f.createPost, post.OwnerUID, post.Content)
	if errors.Is(err, sql.ErrNoRows) {
		return created, errAccount
	}
	if err != nil {
		return created, fmt.Errorf("create post: %w", err)
	}
	return created, nil
}

// Post returns a post as the viewer sees it, or a NotFound error.
func (s *Store) Post(ctx context.Context, viewer, id int64) (Post, error) {
	return readPost(ctx, s.hotReads, viewer, id)
}

func readPost(ctx context.Context, r reader, viewer, id int64) (post Post, err error) {
	err = r.one(ctx, &post, postByID, viewer, id)
	if errors.Is(err, sql.ErrNoRows) {
		return post, errNoPost
	}
	if err != nil {
		return post, fmt.Errorf("read post %d: %w", id, err)
	}
	return post, nil
}

// Timeline lists the posts of the user with this uid, newest first.
func (s *Store) Timeline(ctx context.Context, viewer, owner int64, p Page) (List[Post], error) {
	return s.posts(ctx, p, postTimeline, viewer, owner)
}

// TimelineOf is Timeline for the user with this ID, in any case. It returns a NotFound error if
// there is none.
func (s *Store) TimelineOf(ctx context.Context, viewer int64, id string, p Page) (List[Post], error) {
	if !IDPattern.MatchString(id) {
		return List[Post]{}, errNoUser
	}
	posts, err := s.posts(ctx, p, postTimelineOf, viewer, id)
	if err == nil && len(posts.Items) == 0 {
		_, err = s.UserUID(ctx, id)
	}
	return posts, err
}

// posts runs a list's statement. Its arguments are the viewer, the id to start below, and more.
func (s *Store) posts(ctx context.Context, p Page, statement string, viewer int64, more ...any) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	list, err := readPage(ctx, s.hotReads, p, postKey, statement, append([]any{viewer, before}, more...)...)
	if err != nil {
		return list, fmt.Errorf("list posts: %w", err)
	}
	return list, nil
}

// EditOwnPost replaces the content of the viewer's post and returns the post; the same content
// changes nothing. It returns a NotFound error for a missing post, Forbidden for another user's and
// PreconditionFailed for a revision that match does not list.
func (s *Store) EditOwnPost(ctx context.Context, viewer, id int64, match Match, content string) (post Post, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		before, err := lockOwnPost(ctx, tx, lockPostToEdit, viewer, id, match)
		if err != nil {
			return err
		}
		if before.Content != content {
			_, err := tx.exec(ctx, `
				UPDATE posts SET content = $2, modified = true, revision = revision + 1 WHERE id = $1`, id, content)
			if err != nil {
				return err
			}
		}
		post, err = readPost(ctx, tx.hot.reader, viewer, id)
		return err
	})
	if err != nil {
		return post, fmt.Errorf("edit post %d: %w", id, err)
	}
	return post, nil
}

// DeleteOwnPost deletes the viewer's post with its comments, reactions and notifications. It
// returns the errors that EditOwnPost does.
func (s *Store) DeleteOwnPost(ctx context.Context, viewer, id int64, match Match) error {
	forms, err := s.forms(ctx)
	if err != nil {
		return err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		if _, err := lockOwnPost(ctx, tx, lockPostToDelete, viewer, id, match); err != nil {
			return err
		}
		_, err := tx.exec(ctx, forms.deletePost, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete post %d: %w", id, err)
	}
	return nil
}

const (
	deletePost     = `DELETE FROM posts WHERE id = $1`
	lockPostToEdit = `
		SELECT p.id, p.owner_uid, p.content, p.revision
		FROM posts p JOIN people u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
		WHERE p.id = $1 FOR NO KEY UPDATE OF p`
	lockPostToDelete = `
		SELECT p.id, p.owner_uid, p.content, p.revision
		FROM posts p JOIN people u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
		WHERE p.id = $1 FOR UPDATE OF p`
)

// lockOwnPost locks the post's row with one of the statements above, until the end of the
// transaction.
func lockOwnPost(
	ctx context.Context, tx transaction, statement string, viewer, id int64, match Match,
) (post Post, err error) {
	err = tx.one(ctx, &post, statement, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return post, errNoPost
	case err != nil:
		return post, err
	case post.OwnerUID != viewer:
		return post, apperror.New(apperror.Forbidden, "")
	}
	return post, match.check(post.Revision)
}
