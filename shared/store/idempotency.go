package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"minifb/shared/apperror"
)

// An IdempotencyKey identifies a creating request. The store keeps the response to a successful
// request for 24 hours. A second request with the same user, Key, Method and Path creates nothing
// and gets that response; if its BodyHash differs, it gets a KeyReused error. While the first
// request runs, the second waits for it.
//
// The zero value is no key: the request creates something each time.
type IdempotencyKey struct {
	Key      string // 1–255 visible ASCII characters, or empty
	Method   string
	Path     string // as sent
	BodyHash []byte // SHA-256 of the body as sent
}

// A StoredResponse is the response to a creating request.
type StoredResponse struct {
	ID       int64  // of what was created
	Body     []byte // as first sent
	Replayed bool   // an earlier request with the same key created it
}

// createOnce runs create, or returns the stored response if the key has one. The new row and the
// response are stored in one transaction. The response contains the id of the new row, so create
// must encode it between the insertion and the commit.
func (s *Store) createOnce(
	ctx context.Context, viewer int64, key IdempotencyKey,
	create func(context.Context, *forms, writer) (StoredResponse, error),
) (response StoredResponse, err error) {
	forms, err := s.forms(ctx)
	if err != nil {
		return StoredResponse{}, err
	}
	if key.Key == "" {
		return create(ctx, forms, s.hotPrimary)
	}
	err = s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		isNew, err := claimKey(ctx, tx, viewer, key)
		if err != nil {
			return err
		}
		if !isNew {
			response, err = readResponse(ctx, tx, viewer, key)
			return err
		}
		if response, err = create(ctx, forms, tx.hot); err != nil {
			return err
		}
		return storeResponse(ctx, tx, viewer, key, response)
	})
	return response, err
}

// claimKey inserts the key's row, or takes over an expired one, and reports whether it did. It waits
// for another transaction that has claimed the same key. It returns a BadToken error if the account is gone.
func claimKey(ctx context.Context, tx transaction, viewer int64, key IdempotencyKey) (isNew bool, err error) {
	claimed, err := tx.hot.exec(ctx, `
		INSERT INTO idempotency_keys AS k (user_uid, method, path, key, body_hash) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_uid, method, path, key) DO UPDATE
			SET body_hash = excluded.body_hash, created_id = NULL, answer = NULL, created_at = excluded.created_at
			WHERE excluded.created_at - k.created_at > interval '24 hours'`,
		viewer, key.Method, key.Path, key.Key, key.BodyHash)
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == "23503" { // foreign_key_violation
		return false, errAccount
	}
	if err != nil {
		return false, fmt.Errorf("claim idempotency key: %w", err)
	}
	return claimed > 0, nil
}

// storeResponse stores the response in the key's row.
func storeResponse(
	ctx context.Context, tx transaction, viewer int64, key IdempotencyKey, response StoredResponse,
) error {
	_, err := tx.hot.exec(ctx, `
		UPDATE idempotency_keys SET created_id = $5, answer = $6
		WHERE user_uid = $1 AND method = $2 AND path = $3 AND key = $4`,
		viewer, key.Method, key.Path, key.Key, response.ID, response.Body)
	if err != nil {
		return fmt.Errorf("store response: %w", err)
	}
	return nil
}

// readResponse returns the key's stored response. It returns a BadToken error if there is none: the keys of
// a deleted account are deleted with it.
func readResponse(ctx context.Context, tx transaction, viewer int64, key IdempotencyKey) (StoredResponse, error) {
	var stored struct {
		ID       int64
		Body     []byte
		BodyHash []byte
	}
	err := tx.one(ctx, &stored, `
		SELECT created_id AS id, answer AS body, body_hash FROM idempotency_keys
		WHERE user_uid = $1 AND method = $2 AND path = $3 AND key = $4`, viewer, key.Method, key.Path, key.Key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return StoredResponse{}, errAccount
	case err != nil:
		return StoredResponse{}, fmt.Errorf("read stored response: %w", err)
	case !bytes.Equal(stored.BodyHash, key.BodyHash):
		return StoredResponse{}, apperror.New(apperror.KeyReused,
			"Idempotency-Key: was used with another body; use a new key for a new request")
	}
	return StoredResponse{ID: stored.ID, Body: stored.Body, Replayed: true}, nil
}
