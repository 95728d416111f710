package store

import "context"

// The other methods that prune are with what they prune.

// PruneIdempotencyKeys deletes the idempotency keys that are older than 24 hours, at most batch of
// them, and returns how many it deleted.
func (s *Store) PruneIdempotencyKeys(ctx context.Context, batch int) (deleted int64, err error) {
	forms, err := s.forms(ctx)
	if err != nil {
		return 0, err
	}
	return s.prune(ctx, "idempotency keys", forms.pruneIdempotencyKeys, batch)
}

const pruneIdempotencyKeys = `
	DELETE FROM idempotency_keys WHERE (user_uid, method, path, key) IN (
		SELECT user_uid, method, path, key FROM idempotency_keys
		WHERE created_at < now() - interval '24 hours' LIMIT $1 FOR UPDATE SKIP LOCKED)`

// PruneRevokedSessions deletes the records of sessions that were revoked more than an hour ago, at
// most batch of them, and returns how many it deleted. Their access tokens have long expired.
func (s *Store) PruneRevokedSessions(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "revoked sessions", `
		DELETE FROM ended_sessions WHERE id IN (
			SELECT id FROM ended_sessions WHERE ended_at < now() - interval '1 hour'
			LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}

// PruneTemporaryPasswordRequests deletes the requests that wait for an administrator and were
// first made seven days ago, at most batch of them, and returns how many it deleted.
func (s *Store) PruneTemporaryPasswordRequests(ctx context.Context, batch int) (deleted int64, err error) {
	return s.prune(ctx, "requests for temporary passwords", `
		DELETE FROM temporary_password_requests WHERE id IN (
			SELECT id FROM temporary_password_requests
			WHERE due_at = 'infinity' AND created_at < now() - interval '7 days'
			LIMIT $1 FOR UPDATE SKIP LOCKED)`, batch)
}
