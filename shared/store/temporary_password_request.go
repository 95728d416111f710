package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// A TemporaryPasswordRequest is a request for a temporary password that an administrator has to answer.
type TemporaryPasswordRequest struct {
	bun.BaseModel `bun:"table:temporary_password_requests,alias:r"`

	ID        int64
	User      Person `bun:"embed:user_"`
	CreatedAt time.Time
}

// A request waits for an administrator if there is no address to mail to, or if no attempt to mail is left.
const requestList = `
	SELECT r.id, r.created_at, u.id AS user_id, u.name AS user_name, u.nickname AS user_nickname
	FROM temporary_password_requests r JOIN users u ON lower(u.id) = r.user_id AND u.deleted_at IS NULL
	WHERE (NOT has_email(u.uid) OR r.due_at = 'infinity') AND r.id < $1 ORDER BY r.id DESC`

// TemporaryPasswordRequests lists the requests that could not be mailed, newest first. It reads the primary, so that an
// settled request is not listed again.
func (s *Store) TemporaryPasswordRequests(ctx context.Context, p Page) (List[TemporaryPasswordRequest], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[TemporaryPasswordRequest]{}, err
	}
	key := func(r TemporaryPasswordRequest) string { return idKey(r.ID) }
	list, err := readPage(ctx, s.hotPrimary.reader, p, key, requestList, before)
	if err != nil {
		return list, fmt.Errorf("list requests for temporary passwords: %w", err)
	}
	return list, nil
}
