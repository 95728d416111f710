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

// A Notification tells a post's owner what somebody else did to the post.
type Notification struct {
	bun.BaseModel `bun:"table:notifications,alias:n"`

	ID           int64
	Type         int    // 1: commented, 2: reacted
	Actor        Person `bun:"embed:actor_"`
	PostID       int64
	CommentID    *int64 // of a comment
	ReactionType *int   // of a reaction, 1–5, as it is now
	Read         bool
	CreatedAt    time.Time
}

const (
	notificationColumns = `n.id, n.type, n.post_id, n.comment_id, n.reaction_type, n.read, n.created_at,
		u.id AS actor_id, u.name AS actor_name, u.nickname AS actor_nickname`
	// $1 is the user told, before $2.
	notificationList = `
		SELECT ` + notificationColumns + `
		FROM notifications n JOIN users u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
		WHERE n.user_uid = $1 AND n.id < $2 ORDER BY n.id DESC`
	unreadList = `
		SELECT ` + notificationColumns + `
		FROM notifications n JOIN users u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
		WHERE n.user_uid = $1 AND n.id < $2 AND NOT n.read ORDER BY n.id DESC`
)

var errNoNotification = apperror.New(apperror.NotFound, "There is no such notification of yours; what it told of may be gone.")

// Notifications lists what the viewer was told, newest first; only what is unread, where asked so.
func (s *Store) Notifications(ctx context.Context, viewer int64, unread bool, p Page) (List[Notification], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Notification]{}, err
	}
	query := notificationList
	if unread {
		query = unreadList
	}
	var notifications []Notification
	if err := s.read(ctx, &notifications, query+p.limit(), viewer, before); err != nil {
		return List[Notification]{}, fmt.Errorf("list notifications: %w", err)
	}
	return listOf(notifications, p, func(n Notification) string { return idKey(n.ID) }), nil
}

// UnreadCount is how many of the viewer's notifications are unread.
func (s *Store) UnreadCount(ctx context.Context, viewer int64) (n int, err error) {
	err = s.db.NewRaw(`
		SELECT count(*) FROM notifications n JOIN users u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
		WHERE n.user_uid = ? AND NOT n.read`, viewer).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return n, nil
}

// SetRead marks one of the viewer's notifications read or unread; NotFound where it is none.
func (s *Store) SetRead(ctx context.Context, viewer, id int64, read bool) (n Notification, err error) {
	err = s.db.NewRaw(`
		UPDATE notifications n SET read = ? FROM users u
		WHERE n.user_uid = ? AND n.id = ? AND u.uid = n.actor_uid AND u.deleted_at IS NULL
		RETURNING `+notificationColumns, read, viewer, id).Scan(ctx, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return n, errNoNotification
	}
	if err != nil {
		return n, fmt.Errorf("mark notification %d: %w", id, err)
	}
	return n, nil
}

// unreadUpTo is what of user ?0's is unread up to id ?1, and would be listed.
const unreadUpTo = `notifications n JOIN users u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
	WHERE n.user_uid = ?0 AND n.id <= ?1 AND NOT n.read`

// ReadUpTo marks the viewer's notifications read up to the one with this id, and answers how many were unread.
func (s *Store) ReadUpTo(ctx context.Context, viewer, id int64) (n int, err error) {
	// Rows that somebody else holds are not waited for while others are held: that is how two such statements
	// come to wait for each other. They are few, and are taken one at a time afterwards.
	err = s.db.NewRaw(`
		WITH free AS MATERIALIZED (
			SELECT n.id FROM `+unreadUpTo+` ORDER BY n.id FOR NO KEY UPDATE OF n SKIP LOCKED
		), read AS (
			UPDATE notifications n SET read = true FROM free WHERE n.user_uid = ?0 AND n.id = free.id RETURNING 1
		)
		SELECT count(*) FROM read`, viewer, id).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("mark notifications read: %w", err)
	}
	var held []int64
	err = s.db.NewRaw(`SELECT n.id FROM `+unreadUpTo+` ORDER BY n.id`, viewer, id).Scan(ctx, &held)
	for _, one := range held {
		var result sql.Result
		if err == nil {
			result, err = s.db.NewRaw(`UPDATE notifications SET read = true WHERE user_uid = ? AND id = ? AND NOT read`, viewer, one).Exec(ctx)
		}
		if err == nil {
			changed, _ := result.RowsAffected()
			n += int(changed)
		}
	}
	if err != nil {
		return n, fmt.Errorf("mark notifications read: %w", err)
	}
	return n, nil
}
