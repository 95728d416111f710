package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"minifb/shared/apperror"
)

// A Reaction is one user's to a post or a comment.
type Reaction struct {
	UserUID   int64
	User      Person `bun:"embed:user_"`
	Type      int    // 1–5
	Modified  bool   // whether another type was put over the first
	CreatedAt time.Time
}

var errNoReaction = apperror.New(apperror.NotFound, "You have no reaction here to cancel.")

// PutPostReaction stores the viewer's reaction to a post, or changes its type, moves the post's counters and tells its
// owner. It answers whether the reaction is new; NotFound where there is no such post.
func (s *Store) PutPostReaction(ctx context.Context, viewer, post int64, kind int) (r Reaction, created bool, err error) {
	return s.postReactions.put(ctx, viewer, post, kind, errNoPost)
}

// CancelPostReaction removes the viewer's reaction to a post with its notification; NotFound without post or reaction.
func (s *Store) CancelPostReaction(ctx context.Context, viewer, post int64) error {
	return s.postReactions.cancel(ctx, viewer, post, errNoPost)
}

// PutCommentReaction is PutPostReaction for a comment. Nobody is told of it.
func (s *Store) PutCommentReaction(ctx context.Context, viewer, comment int64, kind int) (r Reaction, created bool, err error) {
	return s.commentReactions.put(ctx, viewer, comment, kind, errNoComment)
}

// CancelCommentReaction is CancelPostReaction for a comment.
func (s *Store) CancelCommentReaction(ctx context.Context, viewer, comment int64) error {
	return s.commentReactions.cancel(ctx, viewer, comment, errNoComment)
}

const (
	// $1 is the post, before $2 and $3. user_uid + 0 is what the lists' index holds.
	postReactionList = `
		SELECT r.user_uid, r.type, r.modified, r.created_at, u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname
		FROM post_reactions r
		JOIN users u ON u.uid = r.user_uid AND u.deleted_at IS NULL
		WHERE r.post_id = $1 AND (r.created_at, r.user_uid + 0) < ($2, $3)
			AND ` + postIsSeen + `$1))
		ORDER BY r.created_at DESC, r.user_uid + 0 DESC`
	// $1 and $4 are the comment and its post.
	commentReactionList = `
		SELECT r.user_uid, r.type, r.modified, r.created_at, u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname
		FROM comment_reactions r
		JOIN users u ON u.uid = r.user_uid AND u.deleted_at IS NULL
		WHERE r.post_id = $4 AND r.comment_id = $1 AND (r.created_at, r.user_uid + 0) < ($2, $3)
		ORDER BY r.created_at DESC, r.user_uid + 0 DESC`
)

// PostReactions lists the reactions to a post, newest first; NotFound where there is no such post.
func (s *Store) PostReactions(ctx context.Context, post int64, p Page) (List[Reaction], error) {
	list, err := s.reactions(ctx, postReactionList, p, post)
	if err == nil && len(list.Items) == 0 { // none, or nothing to have any
		_, err = s.Post(ctx, 0, post)
	}
	return list, err
}

// CommentReactions lists the reactions to a comment, newest first; NotFound where there is no such comment.
func (s *Store) CommentReactions(ctx context.Context, comment int64, p Page) (List[Reaction], error) {
	of, err := s.Comment(ctx, 0, comment)
	if err != nil {
		return List[Reaction]{}, err
	}
	return s.reactions(ctx, commentReactionList, p, comment, of.PostID)
}

func (s *Store) reactions(ctx context.Context, query string, p Page, to int64, more ...any) (List[Reaction], error) {
	at, key, err := p.beforeMoment()
	if err != nil {
		return List[Reaction]{}, err
	}
	uid := int64(0)
	if key != "" {
		if uid, err = strconv.ParseInt(key, 10, 64); err != nil {
			return List[Reaction]{}, errKey
		}
	}
	var reactions []Reaction
	if err := s.read(ctx, &reactions, query+p.limit(), append([]any{to, at, uid}, more...)...); err != nil {
		return List[Reaction]{}, fmt.Errorf("list reactions to %d: %w", to, err)
	}
	return listOf(reactions, p, func(r Reaction) string { return momentKey(r.CreatedAt, idKey(r.UserUID)) }), nil
}
