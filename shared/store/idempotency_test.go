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

func onceOf(key, body string) store.IdempotencyKey {
	hash := sha256.Sum256([]byte(body))
	return store.IdempotencyKey{Key: key, Method: "POST", Path: "/post", BodyHash: hash[:]}
}

func rendered(p store.Post) ([]byte, error) { return fmt.Appendf(nil, "%d %s", p.ID, p.Content), nil }

func TestOnceKeepsNothingOfAFailure(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	broken := errors.New("cannot be shown")
	for _, fail := range []func() (store.StoredResponse, error){
		func() (store.StoredResponse, error) {
			return c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf("k", "b"), func(store.Post) ([]byte, error) { return nil, broken })
		},
		func() (store.StoredResponse, error) { // too long for the column's own check
			return c.store.CreatePost(t.Context(), c.users[0], string(make([]rune, 3001)), onceOf("k", "b"), rendered)
		},
		func() (store.StoredResponse, error) {
			ctx, cancel := context.WithCancel(t.Context())
			return c.store.CreatePost(ctx, c.users[0], "hi", onceOf("k", "b"), func(p store.Post) ([]byte, error) {
				cancel() // the caller goes away midway
				return rendered(p)
			})
		},
	} {
		if _, err := fail(); err == nil {
			t.Error("succeeded")
		}
		if posts, keys := c.int(`SELECT count(*) FROM posts`), c.int(`SELECT count(*) FROM idempotency_keys`); posts+keys != 0 {
			t.Errorf("%d posts and %d keys are left", posts, keys)
		}
	}
	created, err := c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf("k", "b"), rendered)
	if err != nil || created.Replayed {
		t.Errorf("%+v, %v", created, err)
	}
}

func TestOnceWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	entered, leave := make(chan struct{}), make(chan error)
	type result struct {
		store.StoredResponse
		err error
	}
	first, second := make(chan result), make(chan result)
	hold := func(p store.Post) ([]byte, error) {
		entered <- struct{}{}
		if err := <-leave; err != nil {
			return nil, err
		}
		return rendered(p)
	}
	create := func(answer chan<- result, render func(store.Post) ([]byte, error)) {
		made, err := c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf("k", "b"), render)
		answer <- result{made, err}
	}
	// The first fails: the second, which waited, creates.
	go create(first, hold)
	<-entered
	go create(second, rendered)
	c.wait(1)
	leave <- errors.New("cannot be shown")
	if r := <-first; r.err == nil {
		t.Error("the first succeeded")
	}
	made := <-second
	if made.err != nil || made.Replayed {
		t.Fatalf("%+v", made)
	}
	c.exec(`DELETE FROM idempotency_keys`)
	// The first succeeds: the second answers the same.
	go create(first, hold)
	<-entered
	go create(second, rendered)
	c.wait(1)
	leave <- nil
	one, two := <-first, <-second
	if one.err != nil || two.err != nil || one.Replayed || !two.Replayed || one.ID != two.ID || string(one.Body) != string(two.Body) {
		t.Errorf("first %+v, then %+v", one, two)
	}
	if n := c.int(`SELECT count(*) FROM posts`); n != 2 {
		t.Errorf("%d posts", n)
	}
}

// Keys that have lapsed are removed by the next request of their user. Two that use a lapsed key each must not wait for
// each other while each removes the other's.
func TestOnceRemovesWhatLapsed(t *testing.T) {
	t.Parallel()
	c := gather(t, 2)
	for _, key := range []string{"a", "b", "c"} {
		for _, user := range c.users {
			if _, err := c.store.CreatePost(t.Context(), user, "hi", onceOf(key, "b"), rendered); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 30 {
		c.exec(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'`)
		all(6, func(i int) {
			key := string(rune('a' + i%3))
			_, err := c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf(key, "b"), rendered)
			allow(t, err)
		})
	}
	if _, err := c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf("d", "b"), rendered); err != nil {
		t.Fatal(err)
	}
	if own, others := c.int(`SELECT count(*) FROM idempotency_keys WHERE user_uid = $1 AND created_at < now() - interval '1 hour'`, c.users[0]),
		c.int(`SELECT count(*) FROM idempotency_keys WHERE user_uid = $1`, c.users[1]); own != 0 || others != 3 {
		t.Errorf("%d of the user's own have lapsed, %d of the other's stand", own, others)
	}
	c.settle()
}

func TestOnceKeepsForADay(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	create := func(body string) (store.StoredResponse, error) {
		return c.store.CreatePost(t.Context(), c.users[0], "hi", onceOf("k", body), rendered)
	}
	first, err := create("b")
	if err != nil {
		t.Fatal(err)
	}
	c.exec(`UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'`)
	if again, err := create("b"); err != nil || !again.Replayed || again.ID != first.ID {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := create("another"); !is(err, apperror.KeyReused) {
		t.Errorf("another body: %v", err)
	}
	c.exec(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'`)
	if anew, err := create("another"); err != nil || anew.Replayed || anew.ID == first.ID {
		t.Errorf("%+v, %v", anew, err)
	}
}

// The account goes while a request of its own waits for its key.
func TestOnceOfAnAccountThatGoes(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	user := c.users[0]
	if err := c.store.DeleteAccount(t.Context(), c.credential(user)); err != nil {
		t.Fatal(err)
	}
	post := func() error {
		_, err := c.store.CreatePost(t.Context(), user, "hi", onceOf("k", "b"), rendered)
		return err
	}
	if err := post(); !is(err, apperror.BadToken) {
		t.Errorf("deleted: %v", err)
	}
	if err := c.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := post(); !is(err, apperror.BadToken) {
		t.Errorf("swept: %v", err)
	}
	if n := c.int(`SELECT count(*) FROM idempotency_keys`); n != 0 {
		t.Errorf("%d keys", n)
	}
}

// An account is deleted and swept between the claim's look at it and the keys' foreign key.
func TestOnceHoldsTheAccountItSaw(t *testing.T) {
	t.Parallel()
	c := gather(t, 1)
	user := c.users[0]
	tx := c.begin() // the account's deletion, not yet committed
	if _, err := tx.Exec(`DELETE FROM users WHERE uid = $1`, user); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := c.store.CreatePost(t.Context(), user, "hi", onceOf("k", "b"), rendered)
		done <- err
	}()
	c.wait(1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !is(err, apperror.BadToken) {
		t.Errorf("answered %v", err)
	}
}

func is(err error, code apperror.Code) bool {
	f, ok := apperror.From(err)
	return ok && f.Code == code
}
