package store_test

import (
	"context"
	"testing"
	"time"

	"minifb/shared/store"
)

const expired = "now() - interval '25 hours'"

// Maintenance runs on several hosts at once. What another process holds is skipped, and not waited for.
// Each test has two rows to take, of which another transaction has locked the first.
func TestMaintenanceSkipsWhatOthersHold(t *testing.T) {
	t.Parallel()
	prune := func(
		prune func(*store.Store, context.Context, int) (int64, error),
	) func(context.Context, *fixture) (int64, error) {
		return func(ctx context.Context, f *fixture) (int64, error) { return prune(f.store, ctx, 10) }
	}
	const twoSessions = `INSERT INTO sessions (id, user_uid, expires_at, family) VALUES
		('` + validSession + `', 1, ` + expired + `, ''), ('` + revokedSession + `', 2, ` + expired + `, '')`
	for name, test := range map[string]struct {
		rows, lock string
		take       func(context.Context, *fixture) (int64, error)
	}{
		"idempotency keys": {
			`INSERT INTO idempotency_keys (user_uid, method, path, key, body_hash, created_at)
				SELECT n, 'POST', '/post', 'k', sha256(''), ` + expired + ` FROM generate_series(1, 2) n`,
			`SELECT FROM idempotency_keys WHERE user_uid = 1`,
			prune((*store.Store).PruneIdempotencyKeys),
		},
		"revoked sessions": {
			`INSERT INTO ended_sessions VALUES
				('` + validSession + `', ` + expired + `), ('` + revokedSession + `', ` + expired + `)`,
			`SELECT FROM ended_sessions WHERE id = '` + validSession + `'`,
			prune((*store.Store).PruneRevokedSessions),
		},
		"sessions": {
			twoSessions, `SELECT FROM sessions WHERE user_uid = 1`, prune((*store.Store).PruneSessions),
		},
		"refresh tokens": {
			twoSessions + `; INSERT INTO refresh_tokens (hash, session_id, used_at)
				SELECT sha256(id::text::bytea), id, ` + expired + ` FROM sessions`,
			`SELECT FROM refresh_tokens WHERE session_id = '` + validSession + `'`,
			prune((*store.Store).PruneRefreshTokens),
		},
		"temporary passwords": {
			`INSERT INTO temporary_passwords SELECT n, sha256(''), ` + expired + ` FROM generate_series(1, 2) n`,
			`SELECT FROM temporary_passwords WHERE user_uid = 1`,
			prune((*store.Store).PruneTemporaryPasswords),
		},
		"requests for temporary passwords": {
			`INSERT INTO temporary_password_requests (user_id, due_at, created_at)
				SELECT 'user.' || n, 'infinity', now() - interval '8 days' FROM generate_series(1, 2) n`,
			`SELECT FROM temporary_password_requests WHERE user_id = 'user.1'`,
			prune((*store.Store).PruneTemporaryPasswordRequests),
		},
		"limits": {
			`INSERT INTO rate_limits VALUES ('a', ` + expired + `), ('b', ` + expired + `)`,
			`SELECT FROM rate_limits WHERE key = 'a'`,
			prune((*store.Store).PruneLimits),
		},
		"counts of requests": {
			`INSERT INTO request_counts SELECT 10, now() - interval '49 hours', 'GET', n::text, 200, 1
				FROM generate_series(1, 2) n`,
			`SELECT FROM request_counts WHERE path = '1'`,
			prune((*store.Store).PruneRequests),
		},
		"times of requests": {
			`INSERT INTO request_times (step, at, errors, times)
				SELECT n, now() - interval '49 hours', 0, '{1}' FROM unnest('{10,300}'::int[]) n`,
			`SELECT FROM request_times WHERE step = 10`,
			prune((*store.Store).PruneRequests),
		},
		"writers of counts": {
			`INSERT INTO request_writers VALUES
				('a', 0, now() - interval '4 days'), ('b', 0, now() - interval '4 days')`,
			`SELECT FROM request_writers WHERE writer = 'a'`,
			prune((*store.Store).PruneRequestWriters),
		},
		"requests that no mail is for": {
			`INSERT INTO temporary_password_requests (user_id) VALUES ('nobody.1'), ('nobody.2')`,
			`SELECT FROM temporary_password_requests WHERE user_id = 'nobody.1'`,
			func(ctx context.Context, f *fixture) (int64, error) {
				return f.store.SettleTemporaryPasswordRequests(ctx, true, 10)
			},
		},
		"a request to mail for": {
			`UPDATE users SET email = id || '@example.org'; INSERT INTO temporary_password_requests (user_id, due_at)
				VALUES ('user.1', ` + expired + `), ('user.2', now())`,
			`SELECT FROM temporary_password_requests WHERE user_id = 'user.1'`,
			func(ctx context.Context, f *fixture) (int64, error) {
				_, found, err := f.store.ClaimTemporaryPasswordRequest(ctx)
				if found {
					return 1, err
				}
				return 0, err
			},
		},
		"revoked sessions, when another is revoked": {
			twoSessions + `; INSERT INTO ended_sessions
				SELECT gen_random_uuid(), ` + expired + ` FROM generate_series(1, 2)`,
			`SELECT FROM ended_sessions LIMIT 1`,
			func(ctx context.Context, f *fixture) (int64, error) {
				err := f.store.RevokeSessions(ctx, 1)
				return int64(3 - f.int(`SELECT count(*) FROM ended_sessions`)), err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 2)
			if _, err := f.db.Exec(test.rows); err != nil {
				t.Fatal(err)
			}
			other := f.begin()
			if _, err := other.Exec(test.lock + ` FOR UPDATE`); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if n, err := test.take(ctx, f); n != 1 || err != nil {
				t.Errorf("%d rows were taken, %v, want the one that is not locked", n, err)
			}
		})
	}
}
