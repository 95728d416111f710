package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"minifb/shared/apperror"
)

// A Reaction is a user's reaction to a post or to a comment.
type Reaction struct {
	UserUID   int64
	User      Person `bun:"embed:user_"`
	Type      int    // 1–5
	Modified  bool   // whether its type was changed
	CreatedAt time.Time
}

var errNoReaction = apperror.New(apperror.NotFound, "You have no reaction here to cancel.")

// PutPostReaction stores the viewer's reaction to a post or changes its type, updates the post's
// counters and notifies its owner. It returns the reaction and whether it is new. It returns a
// NotFound error for a missing post, and BadToken if the viewer's account has been deleted.
func (s *Store) PutPostReaction(
	ctx context.Context, viewer, post int64, kind int,
) (r Reaction, created bool, err error) {
	return s.postReactions.put(ctx, viewer, post, kind)
}

// CancelPostReaction deletes the viewer's reaction to a post with its notification, and updates the
// post's counters. It returns a NotFound error for a missing post or reaction, and BadToken if the
// viewer's account has been deleted.
func (s *Store) CancelPostReaction(ctx context.Context, viewer, post int64) error {
	return s.postReactions.cancel(ctx, viewer, post)
}

// PutCommentReaction is PutPostReaction for a comment. It notifies no one.
func (s *Store) PutCommentReaction(
	ctx context.Context, viewer, comment int64, kind int,
) (r Reaction, created bool, err error) {
	return s.commentReactions.put(ctx, viewer, comment, kind)
}

// CancelCommentReaction is CancelPostReaction for a comment.
func (s *Store) CancelCommentReaction(ctx context.Context, viewer, comment int64) error {
	return s.commentReactions.cancel(ctx, viewer, comment)
}

// $1 and $2 are the time and the user of the reaction to start before. The lists' indexes hold
// user_uid + 0.
const (
	reactionColumns = `r.user_uid, r.type, r.modified, r.created_at,
		u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname`

	// $3 is the post. The first bound is as readPage describes; the other two are simpler. With two bounds as
	// there, the planner would read all reactions to a hot post by the primary key, which also begins with the
	// post, and sort them. With these it expects a six-hundredth of the table, and reads the list's index.
	postReactionList = postReactionListOf + `
		(r.post_id, r.created_at, r.user_uid + 0) < ((SELECT $3::bigint), $1, $2)
		AND r.post_id >= (SELECT $3::bigint) AND r.post_id <= (SELECT $3::bigint)` + postReactionListOrder
	// It names the post, so that Citus reads one server.
	postReactionListOnCitus = postReactionListOf + `
		r.post_id = $3 AND (r.created_at, r.user_uid + 0) < ($1, $2)` + postReactionListOrder

	// The post and its owner are looked up one after the other, as in commentListOf.
	postReactionListOf = `
		SELECT ` + reactionColumns + `
		FROM post_reactions r
		JOIN people u ON u.uid = r.user_uid AND u.deleted_at IS NULL
		WHERE (SELECT o.deleted_at IS NULL FROM people o
			WHERE o.uid = (SELECT p.owner_uid FROM posts p WHERE p.id = $3)) AND `
	postReactionListOrder = ` ORDER BY r.post_id DESC, r.created_at DESC, r.user_uid + 0 DESC`

	// $3 is the comment and $4 its post. To the planner, the two make few rows, whatever the statistics say.
	commentReactionList = `
		SELECT ` + reactionColumns + `
		FROM comment_reactions r
		JOIN people u ON u.uid = r.user_uid AND u.deleted_at IS NULL
		WHERE r.post_id = $4 AND r.comment_id = $3 AND (r.created_at, r.user_uid + 0) < ($1, $2)
		ORDER BY r.created_at DESC, r.user_uid + 0 DESC`
)

// PostReactions lists the reactions to a post, newest first. It returns a NotFound error for a
// missing post.
func (s *Store) PostReactions(ctx context.Context, post int64, p Page) (List[Reaction], error) {
	list, err := s.reactions(ctx, p, func(f *forms) string { return f.postReactionList }, post)
	if err != nil {
		return list, fmt.Errorf("list reactions to post %d: %w", post, err)
	}
	if len(list.Items) == 0 { // the post has no reactions, or there is no post
		if _, err := s.Post(ctx, 0, post); err != nil {
			return list, err
		}
	}
	return list, nil
}

// CommentReactions lists the reactions to a comment, newest first. It returns a NotFound error for
// a missing comment.
func (s *Store) CommentReactions(ctx context.Context, id int64, p Page) (List[Reaction], error) {
	comment, err := s.Comment(ctx, 0, id)
	if err != nil {
		return List[Reaction]{}, err
	}
	list, err := s.reactions(ctx, p, func(*forms) string { return commentReactionList }, id, comment.PostID)
	if err != nil {
		return list, fmt.Errorf("list reactions to comment %d: %w", id, err)
	}
	return list, nil
}

// reactions runs one of the lists' statements; target is its arguments from $3 on.
func (s *Store) reactions(
	ctx context.Context, p Page, statement func(*forms) string, target ...any,
) (List[Reaction], error) {
	at, id, err := p.beforeTime()
	if err != nil {
		return List[Reaction]{}, err
	}
	var uid int64
	if id != "" {
		if uid, err = strconv.ParseInt(id, 10, 64); err != nil {
			return List[Reaction]{}, errKey
		}
	}
	forms, err := s.forms(ctx)
	if err != nil {
		return List[Reaction]{}, err
	}
	key := func(r Reaction) string { return timeKey(r.CreatedAt, idKey(r.UserUID)) }
	return readPage(ctx, s.hotReads, p, key, statement(forms), append([]any{at, uid}, target...)...)
}
