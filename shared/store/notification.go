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

// A Notification tells a post's owner what another user did to the post.
type Notification struct {
	bun.BaseModel `bun:"table:notifications,alias:n"`

	ID           int64
	Type         int    // 1: commented, 2: reacted
	Actor        Person `bun:"embed:actor_"`
	PostID       int64
	CommentID    *int64 // of type 1
	ReactionType *int   // of type 2: the reaction's current type, 1–5
	Read         bool
	CreatedAt    time.Time
}

func (n *Notification) columns() []any {
	return []any{
		&n.ID, &n.Type, &n.PostID, &n.CommentID, &n.ReactionType, &n.Read, &n.CreatedAt,
		&n.Actor.ID, &n.Actor.Name, &n.Actor.Nickname,
	}
}

// $1 is the notified user. A notification is visible while its actor has an account.
const (
	notificationColumns = `n.id, n.type, n.post_id, n.comment_id, n.reaction_type, n.read, n.created_at,
		u.id AS actor_id, u.name AS actor_name, u.nickname AS actor_nickname`

	notificationList = notificationsOf + notificationOrder
	unreadList       = notificationsOf + ` AND NOT n.read` + notificationOrder
	// The bounds are those that readPage describes.
	notificationsOf = `
		SELECT ` + notificationColumns + `
		FROM notifications n JOIN people u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
		WHERE (n.user_uid, n.id) < ((SELECT $1::bigint), $2) AND (n.user_uid, n.id) > ((SELECT $1::bigint), 0)`
	notificationOrder = ` ORDER BY n.user_uid DESC, n.id DESC`

	// Few accounts are deleted and not swept yet. To look for an actor among them costs less than to look
	// each actor up.
	unreadCount = `
		SELECT count(*) FROM notifications n WHERE n.user_uid = $1 AND NOT n.read
			AND n.actor_uid NOT IN (SELECT uid FROM people WHERE deleted_at IS NOT NULL)`
)

var errNoNotification = apperror.New(apperror.NotFound,
	"You have no such notification; its comment, reaction or post may have been deleted.")

// Notifications lists the viewer's notifications, newest first: all, or the unread ones.
func (s *Store) Notifications(ctx context.Context, viewer int64, unread bool, p Page) (List[Notification], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Notification]{}, err
	}
	statement := notificationList
	if unread {
		statement = unreadList
	}
	key := func(n Notification) string { return idKey(n.ID) }
	list, err := readPage(ctx, s.hotReads, p, key, statement, viewer, before)
	if err != nil {
		return list, fmt.Errorf("list notifications: %w", err)
	}
	return list, nil
}

// UnreadCount returns how many of the viewer's notifications are unread.
func (s *Store) UnreadCount(ctx context.Context, viewer int64) (n int, err error) {
	if err := s.hotReads.one(ctx, &n, unreadCount, viewer); err != nil {
		return 0, fmt.Errorf("count unread notifications: %w", err)
	}
	return n, nil
}

// SetRead marks one of the viewer's notifications read or unread and returns it, or a NotFound
// error.
func (s *Store) SetRead(ctx context.Context, viewer, id int64, read bool) (n Notification, err error) {
	err = s.primary.one(ctx, &n, `
		UPDATE notifications n SET read = $3 FROM people u
		WHERE n.user_uid = $1 AND n.id = $2 AND u.uid = n.actor_uid AND u.deleted_at IS NULL
		RETURNING `+notificationColumns, viewer, id, read)
	if errors.Is(err, sql.ErrNoRows) {
		return n, errNoNotification
	}
	if err != nil {
		return n, fmt.Errorf("mark notification %d: %w", id, err)
	}
	return n, nil
}

const (
	readUnlocked = `
		WITH unlocked AS MATERIALIZED (
			SELECT n.id
			FROM notifications n JOIN people u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
			WHERE n.user_uid = $1 AND n.id <= $2 AND NOT n.read
			ORDER BY n.id FOR NO KEY UPDATE OF n SKIP LOCKED
		), read AS (
			UPDATE notifications n SET read = true FROM unlocked
			WHERE n.user_uid = $1 AND n.id = unlocked.id RETURNING 1
		)
		SELECT count(*) FROM read`
	unreadUpTo = `
		SELECT n.id
		FROM notifications n JOIN people u ON u.uid = n.actor_uid AND u.deleted_at IS NULL
		WHERE n.user_uid = $1 AND n.id <= $2 AND NOT n.read
		ORDER BY n.id`
	readOne = `
		UPDATE notifications SET read = true WHERE user_uid = $1 AND id = $2 AND NOT read`
)

// ReadUpTo marks the viewer's notifications read, up to the one with this id, and returns how many
// were unread.
func (s *Store) ReadUpTo(ctx context.Context, viewer, id int64) (n int, err error) {
	// The first statement skips rows that another transaction has locked: two such statements that
	// wait for a row while they hold others may deadlock. The skipped rows are few, and each is
	// then updated by a statement of its own.
	forms, err := s.forms(ctx)
	if err != nil {
		return 0, err
	}
	if err := s.primary.one(ctx, &n, forms.readUnlocked, viewer, id); err != nil {
		return 0, fmt.Errorf("mark notifications read: %w", err)
	}
	var skipped []int64
	if err := s.primary.all(ctx, &skipped, unreadUpTo, viewer, id); err != nil {
		return n, fmt.Errorf("list unread notifications: %w", err)
	}
	for _, one := range skipped {
		changed, err := s.primary.exec(ctx, readOne, viewer, one)
		if err != nil {
			return n, fmt.Errorf("mark notification %d read: %w", one, err)
		}
		n += int(changed)
	}
	return n, nil
}
