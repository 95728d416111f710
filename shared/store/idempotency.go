package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// Once names a creating request by its Idempotency-Key, so that it creates at most one thing. Without a Key it may
// create one each time.
type IdempotencyKey struct {
	Key      string // 1–255 visible ASCII characters, or empty
	Method   string
	Path     string // as sent
	BodyHash []byte // SHA-256 of the body as sent
}

// A Creation is what a creating request is answered with.
type StoredResponse struct {
	ID       int64
	Body     []byte // as it was first answered
	Replayed bool   // it was created by an earlier request with the same key
}

// creator makes a thing within a transaction, or as a statement of its own, and renders the answer.
type creator func(ctx context.Context, db bun.IDB) (id int64, body []byte, err error)

// once runs create, unless a request with the same key has succeeded within 24 hours: then its answer comes again.
// One that is under way is waited for. The same key with another body is a Mismatch. What create refuses leaves no trace.
func (s *Store) once(ctx context.Context, viewer int64, o IdempotencyKey, create creator) (c StoredResponse, err error) {
	if o.Key == "" {
		c.ID, c.Body, err = create(ctx, s.db)
		return c, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		first, err := claim(ctx, tx, viewer, o)
		if err != nil {
			return err
		}
		if !first {
			c, err = replay(ctx, tx, viewer, o)
			return err
		}
		if c.ID, c.Body, err = create(ctx, tx); err != nil {
			return err
		}
		return keep(ctx, tx, viewer, o, c)
	})
	return c, err
}

// claim takes the key for this transaction and tells whether it was free. Another transaction that holds it is waited for.
func claim(ctx context.Context, tx bun.Tx, viewer int64, o IdempotencyKey) (first bool, err error) {
	result, err := tx.NewRaw(`
		INSERT INTO idempotency_keys AS k (user_uid, method, path, key, body_hash)
		SELECT uid, ?1, ?2, ?3, ?4 FROM users WHERE uid = ?0 AND deleted_at IS NULL FOR KEY SHARE
		ON CONFLICT (user_uid, method, path, key) DO UPDATE
			SET body_hash = excluded.body_hash, created_id = NULL, answer = NULL, created_at = now()
			WHERE k.created_at < now() - interval '24 hours'`, viewer, o.Method, o.Path, o.Key, o.BodyHash).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("claim the key: %w", err)
	}
	claimed, err := result.RowsAffected()
	return claimed > 0, err
}

// keep notes the answer beside what was created, and removes some of the user's keys that have lapsed. It does so last, and
// passes over those that another request has just claimed: waiting for one while it holds another, two would come to wait
// for each other.
func keep(ctx context.Context, tx bun.Tx, viewer int64, o IdempotencyKey, c StoredResponse) error {
	_, err := tx.NewRaw(`
		WITH lapsed AS (
			DELETE FROM idempotency_keys WHERE (user_uid, method, path, key) IN (
				SELECT user_uid, method, path, key FROM idempotency_keys
				WHERE user_uid = ?0 AND created_at < now() - interval '24 hours' ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)
		)
		UPDATE idempotency_keys SET created_id = ?4, answer = ?5 WHERE user_uid = ?0 AND method = ?1 AND path = ?2 AND key = ?3`,
		viewer, o.Method, o.Path, o.Key, c.ID, c.Body).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

func replay(ctx context.Context, tx bun.Tx, viewer int64, o IdempotencyKey) (StoredResponse, error) {
	c := StoredResponse{Replayed: true}
	var hash []byte
	err := tx.NewRaw(`SELECT created_id, answer, body_hash FROM idempotency_keys WHERE user_uid = ? AND method = ? AND path = ? AND key = ?`,
		viewer, o.Method, o.Path, o.Key).Scan(ctx, &c.ID, &c.Body, &hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, errAccount // claim found no account to keep the key for
	case err != nil:
		return c, fmt.Errorf("read the answer: %w", err)
	case !bytes.Equal(hash, o.BodyHash):
		return c, apperror.New(apperror.KeyReused, "Idempotency-Key: was used with another body; use a new key for a new request")
	}
	return c, nil
}
