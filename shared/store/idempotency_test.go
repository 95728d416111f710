package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
)

func idempotencyKey(key, body string) store.IdempotencyKey {
	hash := sha256.Sum256([]byte(body))
	return store.IdempotencyKey{Key: key, Method: "POST", Path: "/post", BodyHash: hash[:]}
}

// An encoder encodes a post for its response.
type encoder func(store.Post) ([]byte, error)

func encodePost(p store.Post) ([]byte, error) { return fmt.Appendf(nil, "%d %s", p.ID, p.Content), nil }

var errEncode = errors.New("cannot encode")

func TestFailedRequestStoresNoKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	create := func(ctx context.Context, content string, encode encoder) (store.StoredResponse, error) {
		return f.store.CreatePost(ctx, newPost(f.users[0], content), idempotencyKey("k", "b"), encode)
	}
	canceled, cancel := context.WithCancel(t.Context())
	for name, fail := range map[string]func() (store.StoredResponse, error){
		"an error while encoding": func() (store.StoredResponse, error) {
			return create(t.Context(), "hi", func(store.Post) ([]byte, error) { return nil, errEncode })
		},
		"content that the table refuses": func() (store.StoredResponse, error) {
			return create(t.Context(), string(make([]rune, 3001)), encodePost)
		},
		"a context that is cancelled in the transaction": func() (store.StoredResponse, error) {
			return create(canceled, "hi", func(p store.Post) ([]byte, error) {
				cancel()
				return encodePost(p)
			})
		},
	} {
		if _, err := fail(); err == nil {
			t.Errorf("%s: no error", name)
		}
		posts, keys := f.int(`SELECT count(*) FROM posts`), f.int(`SELECT count(*) FROM idempotency_keys`)
		if posts+keys != 0 {
			t.Errorf("%s: %d posts and %d keys are stored, want none", name, posts, keys)
		}
	}
	if created, err := create(t.Context(), "hi", encodePost); err != nil || created.Replayed {
		t.Errorf("the same key after the failures: got %+v, %v, want a new post", created, err)
	}
}

func TestSecondRequestWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	type result struct {
		store.StoredResponse
		err error
	}
	create := func(encode encoder) <-chan result {
		done := make(chan result, 1)
		go func() {
			created, err := f.store.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey("k", "b"), encode)
			done <- result{created, err}
		}()
		return done
	}
	inTransaction, end := make(chan struct{}), make(chan error)
	encodeLater := func(p store.Post) ([]byte, error) {
		inTransaction <- struct{}{}
		if err := <-end; err != nil {
			return nil, err
		}
		return encodePost(p)
	}
	// The first fails, so the second creates the post.
	first := create(encodeLater)
	<-inTransaction
	second := create(encodePost)
	f.waitForLocks(1)
	end <- errEncode
	if r := <-first; r.err == nil {
		t.Error("the first request succeeded, want its error")
	}
	if r := <-second; r.err != nil || r.Replayed {
		t.Fatalf("after a failed request: got %+v, want a new post", r)
	}
	f.exec(`DELETE FROM idempotency_keys`)
	// The first succeeds, so the second gets its response.
	first = create(encodeLater)
	<-inTransaction
	second = create(encodePost)
	f.waitForLocks(1)
	end <- nil
	one, two := <-first, <-second
	if one.err != nil || two.err != nil || one.Replayed || !two.Replayed {
		t.Errorf("got %+v, then %+v, want a new and a stored response", one, two)
	}
	if one.ID != two.ID || string(one.Body) != string(two.Body) {
		t.Errorf("got %+v, then %+v, want the same response", one, two)
	}
	if n := f.int(`SELECT count(*) FROM posts`); n != 2 {
		t.Errorf("%d posts, want 2", n)
	}
}

// Requests that take over expired keys, each its own and some the same, do not deadlock.
func TestExpiredKeysAreTakenOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	create := func(key string) {
		_, err := f.store.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey(key, "b"), encodePost)
		allow(t, err)
	}
	const rounds, keys = 30, 3
	for range rounds {
		concurrently(2*keys, func(i int) { create(string(rune('a' + i%keys))) })
		f.exec(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'`)
	}
	if n := f.int(`SELECT count(*) FROM posts`); n != rounds*keys {
		t.Errorf("%d posts, want one for each key and round: %d", n, rounds*keys)
	}
	f.checkInvariants()
}

func TestKeyExpiresAfterADay(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	create := func(body string) (store.StoredResponse, error) {
		return f.store.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey("k", body), encodePost)
	}
	first, err := create("b")
	if err != nil {
		t.Fatal(err)
	}
	f.exec(`UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'`)
	if again, err := create("b"); err != nil || !again.Replayed || again.ID != first.ID {
		t.Errorf("within a day: got %+v, %v, want the first response", again, err)
	}
	if _, err := create("another"); !is(err, apperror.KeyReused) {
		t.Errorf("with another body: got %v, want KeyReused", err)
	}
	f.exec(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'`)
	second, err := create("another")
	if err != nil || second.Replayed || second.ID == first.ID {
		t.Errorf("after a day: got %+v, %v, want a new post", second, err)
	}
	if again, err := create("another"); err != nil || !again.Replayed || again.ID != second.ID {
		t.Errorf("the same again: got %+v, %v, want the second response", again, err)
	}
	if _, err := create("b"); !is(err, apperror.KeyReused) {
		t.Errorf("with the body of the first day: got %v, want KeyReused", err)
	}
}

// A key belongs to its method and path: with another one it is another key, and each gets its own response.
func TestOneKeyOnTwoPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	key := idempotencyKey("k", "b")
	others := []store.IdempotencyKey{key, key, key}
	others[1].Path, others[2].Method = "/post/1/comment", "PUT"
	var ids [3]int64
	for round := range 2 {
		for i, key := range others {
			r, err := f.store.CreatePost(t.Context(), newPost(f.users[0], "hi"), key, encodePost)
			if err != nil || r.Replayed != (round == 1) || round == 1 && r.ID != ids[i] {
				t.Errorf("%s %s, request %d: got %+v, %v", key.Method, key.Path, round+1, r, err)
			}
			ids[i] = r.ID
		}
	}
	if n := f.int(`SELECT count(*) FROM posts`); n != 3 {
		t.Errorf("%d posts were created, want 3", n)
	}
}

func TestDeletedAccountStoresNoKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	if err := f.store.DeleteAccount(t.Context(), f.credential(user)); err != nil {
		t.Fatal(err)
	}
	create := func() error {
		_, err := f.store.CreatePost(t.Context(), newPost(user, "hi"), idempotencyKey("k", "b"), encodePost)
		return err
	}
	if err := create(); !is(err, apperror.BadToken) {
		t.Errorf("a deleted account: got %v, want BadToken", err)
	}
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := create(); !is(err, apperror.BadToken) {
		t.Errorf("a swept account: got %v, want BadToken", err)
	}
	if n := f.int(`SELECT count(*) FROM idempotency_keys`); n != 0 {
		t.Errorf("%d keys are stored, want none", n)
	}
}

// The row of the account is deleted while a request waits to insert its key, which refers to the
// account.
func TestAccountDeletedWhileAKeyIsClaimed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	user := f.users[0]
	tx := f.begin()
	if _, err := tx.Exec(`DELETE FROM users WHERE uid = $1`, user); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := f.store.CreatePost(t.Context(), newPost(user, "hi"), idempotencyKey("k", "b"), encodePost)
		done <- err
	}()
	f.waitForLocks(1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !is(err, apperror.BadToken) {
		t.Errorf("got %v, want BadToken", err)
	}
}
