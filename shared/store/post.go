package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// A Post as stored, with its owner and the viewer's reaction. Its counters always equal the rows they count.
type Post struct {
	bun.BaseModel `bun:"table:posts,alias:p"`

	ID           int64
	OwnerUID     int64
	Owner        Person `bun:"embed:owner_"`
	Content      string // 1–3000 code points
	Modified     bool
	Revision     int // moves with the content alone
	CommentCount int
	Tally        Tally `bun:"embed:reaction_"`
	MyReaction   *int  // 1–5; nil without a viewer
	CreatedAt    time.Time
}

// A Tally counts reactions by their type.
type Tally struct {
	Type1 int `bun:"1"`
	Type2 int `bun:"2"`
	Type3 int `bun:"3"`
	Type4 int `bun:"4"`
	Type5 int `bun:"5"`
}

// A Match is the revisions that an edit or deletion may meet. Nil allows any; an empty one allows none.
type Match []int

func (m Match) check(revision int) error {
	if m == nil || slices.Contains(m, revision) {
		return nil
	}
	return apperror.New(apperror.PreconditionFailed, "If-Match: the content has changed since; read it again and decide anew")
}

const (
	postColumns = `p.id, p.owner_uid, p.content, p.modified, p.revision, p.comment_count,
		p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5, p.created_at,
		u.id AS owner_id, u.name AS owner_name, u.nickname AS owner_nickname`
	// The owner's uid goes behind. $1 is the viewer's; 0, which nobody has, stands for none. The reaction is looked up and not joined: for a
	// viewer of whom PostgreSQL knows nothing it would rather read all reactions that viewer ever gave.
	postSelect = `
		SELECT ` + postColumns + `,
			(SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = $1) AS my_reaction
		FROM posts p JOIN users u ON u.deleted_at IS NULL AND u.uid = `
	postByID = postSelect + `p.owner_uid
		WHERE p.id = $2`
	postFeed = postSelect + `p.owner_uid
		WHERE p.id < $2 ORDER BY p.id DESC`
	// The order is by owner too, and an array of one is no constant to the planner: so only the index on both serves. By
	// the id's alone it would read the whole table for a user who wrote little.
	postTimeline = postSelect + `$3
		WHERE p.owner_uid = ANY (ARRAY[$3::bigint]) AND p.id < $2 ORDER BY p.owner_uid DESC, p.id DESC`
)

var errNoPost = apperror.New(apperror.NotFound, "There is no such post; it may have been deleted.")

// CreatePost stores a post of the viewer's and answers it whole; BadToken where the viewer's account is gone.
func (s *Store) CreatePostDirect(ctx context.Context, viewer int64, content string) (Post, error) {
	return createPost(ctx, s.db, viewer, content)
}

// CreatePostOnce is CreatePost for a request that may come again. The answer is kept as render makes it.
func (s *Store) CreatePost(ctx context.Context, viewer int64, content string, o IdempotencyKey, render func(Post) ([]byte, error)) (StoredResponse, error) {
	return s.once(ctx, viewer, o, func(ctx context.Context, db bun.IDB) (int64, []byte, error) {
		post, err := createPost(ctx, db, viewer, content)
		if err != nil {
			return 0, nil, err
		}
		body, err := render(post)
		return post.ID, body, err
	})
}

func createPost(ctx context.Context, db bun.IDB, viewer int64, content string) (Post, error) {
	var post Post
	// The lock holds off the deletion of the account, so that no post outlives it.
	err := db.NewRaw(`
		WITH u AS (SELECT uid, id, name, nickname FROM users WHERE uid = ? AND deleted_at IS NULL FOR KEY SHARE),
		     p AS (INSERT INTO posts (owner_uid, content) SELECT uid, ? FROM u
		           RETURNING id, owner_uid, content, modified, revision, comment_count,
		               reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at)
		SELECT `+postColumns+` FROM p, u`, viewer, content).Scan(ctx, &post)
	if errors.Is(err, sql.ErrNoRows) {
		return post, errAccount
	}
	if err != nil {
		return post, fmt.Errorf("create post: %w", err)
	}
	return post, nil
}

// Post finds one post as the viewer sees it; NotFound where there is none.
func (s *Store) Post(ctx context.Context, viewer, id int64) (Post, error) {
	return s.postIn(ctx, s.db.DB, viewer, id)
}

func (s *Store) postIn(ctx context.Context, q queryer, viewer, id int64) (Post, error) {
	var posts []Post
	if err := s.readIn(ctx, q, &posts, postByID, viewer, id); err != nil {
		return Post{}, fmt.Errorf("read post %d: %w", id, err)
	}
	if len(posts) == 0 {
		return Post{}, errNoPost
	}
	return posts[0], nil
}

// Posts lists everybody's posts, newest first.
func (s *Store) Posts(ctx context.Context, viewer int64, p Page) (List[Post], error) {
	return s.posts(ctx, p, postFeed, viewer)
}

// Timeline lists the posts of the user with this uid, newest first.
func (s *Store) Timeline(ctx context.Context, viewer, owner int64, p Page) (List[Post], error) {
	return s.posts(ctx, p, postTimeline, viewer, owner)
}

// TimelineOf is Timeline for a user found by ID, in whatever case; NotFound where there is none.
func (s *Store) TimelineOf(ctx context.Context, viewer int64, id string, p Page) (List[Post], error) {
	owner, err := s.UserByID(ctx, id)
	if err != nil {
		return List[Post]{}, err
	}
	return s.Timeline(ctx, viewer, owner.UID, p)
}

func (s *Store) posts(ctx context.Context, p Page, query string, viewer int64, args ...any) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	var posts []Post
	if err := s.read(ctx, &posts, query+p.limit(), append([]any{viewer, before}, args...)...); err != nil {
		return List[Post]{}, fmt.Errorf("list posts: %w", err)
	}
	return listOf(posts, p, func(p Post) string { return idKey(p.ID) }), nil
}

// EditOwnPost gives the viewer's post another content and answers it whole; the same content changes nothing.
// It tells a missing post (NotFound), somebody else's (Forbidden) and one that match does not allow (Stale).
func (s *Store) EditOwnPost(ctx context.Context, viewer, id int64, match Match, content string) (post Post, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		before, err := lockOwnPost(ctx, tx, viewer, id, match, "NO KEY UPDATE")
		if err != nil {
			return err
		}
		if before.Content != content {
			if _, err := tx.NewRaw(`UPDATE posts SET content = ?, modified = true, revision = revision + 1 WHERE id = ?`, content, id).Exec(ctx); err != nil {
				return err
			}
		}
		post, err = s.postIn(ctx, tx.Tx, viewer, id)
		return err
	})
	if err != nil {
		return post, fmt.Errorf("edit post %d: %w", id, err)
	}
	return post, nil
}

// DeleteOwnPost removes the viewer's post with all that hangs on it. It tells apart what EditOwnPost does.
func (s *Store) DeleteOwnPost(ctx context.Context, viewer, id int64, match Match) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := lockOwnPost(ctx, tx, viewer, id, match, "UPDATE"); err != nil {
			return err
		}
		_, err := tx.NewRaw(`DELETE FROM posts WHERE id = ?`, id).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete post %d: %w", id, err)
	}
	return nil
}

// lockOwnPost takes the post's row for the rest of the transaction, with the lock of PostgreSQL's that is named.
func lockOwnPost(ctx context.Context, tx bun.Tx, viewer, id int64, match Match, lock string) (Post, error) {
	var post Post
	err := tx.NewRaw(`
		SELECT p.id, p.owner_uid, p.content, p.revision
		FROM posts p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
		WHERE p.id = ? FOR ? OF p`, id, bun.Safe(lock)).Scan(ctx, &post)
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
