package store_test

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

// refresh uses a refresh token, which must succeed, and returns its successor.
func (f *fixture) refresh(token string) (successor string) {
	f.t.Helper()
	_, successor, err := f.store.Refresh(f.t.Context(), token)
	if err != nil {
		f.t.Fatal(err)
	}
	return successor
}

// forge returns the token with the bytes from start to end replaced.
func forge(t *testing.T, token string, start, end int) string {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := start; i < end; i++ {
		decoded[i] ^= 0x55
	}
	return encode(decoded)
}

// encode returns a token of these parts.
func encode(parts ...[]byte) string {
	return base64.RawURLEncoding.EncodeToString(slices.Concat(parts...))
}

// rotatedLongAgo moves all rotations more than an hour into the past.
func (f *fixture) rotatedLongAgo() {
	f.t.Helper()
	f.exec(`UPDATE refresh_tokens SET used_at = used_at - interval '61 minutes'`)
}

func (f *fixture) prune(prune func(*store.Store, int) (int64, error), batch, want int) {
	f.t.Helper()
	if n, err := prune(f.store, batch); err != nil || n != int64(want) {
		f.t.Errorf("pruned %d rows, %v, want %d", n, err, want)
	}
}

func (f *fixture) pruneRefreshTokens(batch, want int) {
	f.t.Helper()
	prune := func(s *store.Store, batch int) (int64, error) { return s.PruneRefreshTokens(f.t.Context(), batch) }
	f.prune(prune, batch, want)
}

func TestReuseOfAPrunedRefreshTokenRevokesTheSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	session, first := f.signIn(f.users[0])
	second := f.refresh(first)
	f.pruneRefreshTokens(10, 0) // it was rotated just now
	third := f.refresh(second)
	f.rotatedLongAgo()
	f.pruneRefreshTokens(1, 1) // a batch of one
	f.pruneRefreshTokens(10, 1)
	f.pruneRefreshTokens(10, 0)
	if n := f.int(`SELECT count(*) FROM refresh_tokens`); n != 1 {
		t.Fatalf("%d tokens are left, want the one that can be used", n)
	}
	third = f.refresh(third)
	if _, _, err := f.store.Refresh(t.Context(), first); !is(err, apperror.BadToken) {
		t.Errorf("a pruned token: got %v, want BadToken", err)
	}
	if err := f.store.NewRevokedSessions().Check(t.Context(), session.ID); !is(err, apperror.BadToken) {
		t.Errorf("its session: got %v, want BadToken", err)
	}
	if _, _, err := f.store.Refresh(t.Context(), third); !is(err, apperror.BadToken) {
		t.Errorf("the last token of the session: got %v, want BadToken", err)
	}
}

func TestPruningKeepsWhatCanBeUsed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	_, first := f.signIn(f.users[0])
	f.refresh(first)
	winner := f.refresh(first) // within the time of grace: now there are two siblings
	last := f.refresh(winner)
	f.rotatedLongAgo()
	f.pruneRefreshTokens(10, 3) // the first, the winner and its lost sibling
	f.refresh(last)
}

// A session's id is not secret: it is in every access token.
func TestForgedRefreshTokenDoesNotRevokeTheSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	session, token := f.signIn(f.users[0])
	_, another := f.signIn(f.users[1])
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	other, err := base64.RawURLEncoding.DecodeString(another)
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"another family":                    forge(t, token, 16, 64),
		"the family of another session":     encode(decoded[:16], other[16:]),
		"another family, the random part":   forge(t, token, 16, 32),
		"one more character":                token + "A",
		"a line end":                        token[:43] + "\n" + token[43:],
		"of the old form":                   token[:43],
		"the hash of the token":             hashed(token),
		"the session's id and zeros":        encode(decoded[:16], make([]byte, 48)),
		"the session's id and nothing else": encode(decoded[:16]),
	} {
		if _, _, err := f.store.Refresh(t.Context(), forged); !is(err, apperror.BadToken) {
			t.Errorf("%s: got %v, want BadToken", name, err)
		}
		if n := f.int(`SELECT count(*) FROM sessions WHERE id = $1`, session.ID); n != 1 {
			t.Fatalf("%s: the session is revoked", name)
		}
	}
	f.refresh(token)
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return encode(sum[:])
}

func TestRefreshTokenIsStoredHashed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	_, token := f.signIn(f.users[0])
	decoded, err := base64.RawURLEncoding.DecodeString(f.refresh(token))
	if err != nil {
		t.Fatal(err)
	}
	for table, query := range map[string]string{
		"sessions":       `SELECT count(*) FROM sessions WHERE family = $1 OR temporary_hash = $1`,
		"refresh_tokens": `SELECT count(*) FROM refresh_tokens WHERE hash = $1 OR parent = $1`,
	} {
		for part, secret := range map[string][]byte{"family": decoded[16:32], "random part": decoded[32:]} {
			if n := f.int(query, secret); n != 0 {
				t.Errorf("%s has the %s of a token", table, part)
			}
		}
	}
}

// oldForm gives the session a refresh token as they were before tokens had a family.
func (f *fixture) oldForm(session store.Session) (token string) {
	f.t.Helper()
	token = hashed("a token of the old form of " + session.ID)
	sum := sha256.Sum256([]byte(token))
	f.exec(`UPDATE sessions SET family = NULL WHERE id = $1`, session.ID)
	f.exec(`DELETE FROM refresh_tokens WHERE session_id = $1`, session.ID)
	f.exec(`INSERT INTO refresh_tokens (hash, session_id) VALUES ($1, $2)`, sum[:], session.ID)
	return token
}

func TestRefreshTokensOfTheOldForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	session, _ := f.signIn(f.users[0])
	old := f.oldForm(session)
	f.exec(`INSERT INTO refresh_tokens (hash, session_id, used_at) VALUES (sha256('x'), $1, '2026-01-01')`, session.ID)
	f.pruneRefreshTokens(10, 0) // without a family, only its row says that a token was used
	lost := f.refresh(old)
	kept := f.refresh(old) // its response was lost
	if len(old) != 43 || len(lost) != 86 || len(kept) != 86 {
		t.Errorf("the tokens have %d, %d and %d characters", len(old), len(lost), len(kept))
	}
	next := f.refresh(kept)
	f.rotatedLongAgo()
	f.pruneRefreshTokens(10, 4)
	f.refresh(next)
	if _, _, err := f.store.Refresh(t.Context(), kept); !is(err, apperror.BadToken) {
		t.Errorf("a pruned token: got %v, want BadToken", err)
	}
	if n := f.int(`SELECT count(*) FROM sessions`); n != 0 {
		t.Error("its session is not revoked")
	}
}

func TestReuseOfARefreshTokenOfTheOldForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	session, _ := f.signIn(f.users[0])
	old := f.oldForm(session)
	f.refresh(f.refresh(old))
	if _, _, err := f.store.Refresh(t.Context(), old); !is(err, apperror.BadToken) {
		t.Errorf("got %v, want BadToken", err)
	}
	if n := f.int(`SELECT count(*) FROM sessions`); n != 0 {
		t.Error("its session is not revoked")
	}
}

// However often it is refreshed, a session ends 180 days after its sign-in.
func TestSessionEnds180DaysAfterSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	session, token := f.signIn(f.users[0])
	left := func() time.Duration {
		seconds := f.int(`SELECT round(extract(epoch FROM expires_at - now()))::bigint FROM sessions`)
		return time.Duration(seconds) * time.Second
	}
	near := func(want time.Duration) {
		t.Helper()
		if got := left(); (got - want).Abs() > time.Minute {
			t.Errorf("the session ends in %v, want %v", got, want)
		}
	}
	const day = 24 * time.Hour
	near(30 * day)
	for age, want := range map[int]time.Duration{0: 30 * day, 100: 30 * day, 149: 30 * day, 170: 10 * day, 179: day} {
		f.exec(`UPDATE sessions SET created_at = now() - $1 * interval '1 day'`, age)
		token = f.refresh(token)
		near(want)
	}
	f.exec(`UPDATE sessions SET created_at = now() - interval '180 days', expires_at = now() + interval '1 second'`)
	token = f.refresh(token) // the last: it leaves the session without a future
	if _, _, err := f.store.Refresh(t.Context(), token); !is(err, apperror.BadToken) {
		t.Errorf("after 180 days: got %v, want BadToken", err)
	}
	if n := f.int(`SELECT count(*) FROM sessions WHERE id = $1`, session.ID); n != 1 {
		t.Error("the session was revoked, not expired")
	}
}

func TestPruneSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	prune := func(s *store.Store, batch int) (int64, error) { return s.PruneSessions(t.Context(), batch) }
	for range 5 {
		f.signIn(f.users[0])
	}
	f.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
	valid, token := f.signIn(f.users[1])
	f.prune(prune, 3, 3)
	f.prune(prune, 10, 2)
	f.prune(prune, 10, 0)
	f.refresh(token)
	if n := f.int(`SELECT count(*) FROM refresh_tokens WHERE session_id <> $1`, valid.ID); n != 0 {
		t.Errorf("%d refresh tokens of pruned sessions are left", n)
	}
}

// Maintenance prunes on several hosts, while clients refresh, reuse tokens and sign out.
func TestConcurrentPruning(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 4)
	for range 5 {
		concurrently(8, func(i int) {
			ctx, user := t.Context(), f.users[i%4]
			for range 10 {
				if i >= 4 {
					_, err := f.store.PruneRefreshTokens(ctx, 5)
					allow(t, err)
					_, err = f.store.PruneSessions(ctx, 2)
					allow(t, err)
					continue
				}
				_, token, err := f.store.OpenSession(ctx, f.credential(user), "test")
				allow(t, err)
				for range 3 {
					_, next, err := f.store.Refresh(ctx, token)
					allow(t, err, apperror.BadToken)
					if err == nil {
						token = next
					}
				}
				_, err = f.db.Exec(`
					UPDATE refresh_tokens t SET used_at = used_at - interval '2 hours' FROM sessions s
					WHERE s.id = t.session_id AND s.user_uid = $1`, user)
				allow(t, err)
				_, err = f.db.Exec(`UPDATE sessions SET expires_at = now() - interval '1 second'
					WHERE id = (SELECT id FROM sessions WHERE user_uid = $1 LIMIT 1)`, user)
				allow(t, err)
				_, _, err = f.store.Refresh(ctx, token)
				allow(t, err, apperror.BadToken)
			}
			allow(t, f.store.RevokeSessions(ctx, user))
		})
	}
	f.checkInvariants()
}
