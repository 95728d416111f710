package main

import (
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

var keyed = areatest.KeyedRoute{
	Routes: routes,
	Path:   func(s *areatest.Server) string { return s.Post(s.User("owner.1"), "post") + "/comment" },
	Table:  "comments",
}

func TestSameKeyReplaysResponse(t *testing.T) { areatest.SameKeyReplaysResponse(t, keyed) }
func TestBadKeysAreRefused(t *testing.T)      { areatest.BadKeysAreRefused(t, keyed) }
func TestFailureStoresNothing(t *testing.T)   { areatest.FailureStoresNothing(t, keyed) }
func TestConcurrencyCreatesOnce(t *testing.T) { areatest.ConcurrencyCreatesOnce(t, keyed) }
func TestRetryCreatesOnce(t *testing.T)       { areatest.RetryCreatesOnce(t, keyed) }

// A key belongs to the path, so to one post. Its response outlives the post.
func TestKeyOfACommentBelongsToItsPost(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post, other := s.Post(ann, "post"), s.Post(ann, "other")
	onPost, onOther := "POST "+post+"/comment", "POST "+other+"/comment"
	step := areatest.WithKey("k", areatest.Step{As: eve, Do: onPost, Body: writing("hi"), Want: 201})
	first := areatest.Do(t, s.URL, step)
	step.Name, step.Do, step.Check = "another post", onOther, areatest.IsNew(first)
	s.Run(t, []areatest.Step{step})
	areatest.CheckInvariants(t, s.DB)
	s.Exec(`DELETE FROM posts`)
	step.Name, step.Do, step.Check = "after the deletion of the post", onPost, areatest.IsReplay(first)
	s.Run(t, []areatest.Step{step})
}

func TestCommentOnAMissingPostStoresNoKey(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	first := s.Post(ann, "post")
	next := first[:len(first)-1] + "2" // the path that the next post will have
	step := areatest.WithKey("k", areatest.Step{As: ann, Do: "POST " + next + "/comment", Body: writing("hi")})
	step.Name, step.Want = "the post is missing", 404
	s.Run(t, []areatest.Step{step, step})
	if n := s.Int(`SELECT count(*) FROM idempotency_keys`); n != 0 {
		t.Errorf("%d keys are stored, want none", n)
	}
	if path := s.Post(ann, "post"); path != next {
		t.Fatalf("the next post is %s, want %s", path, next)
	}
	step.Name, step.Want, step.Check = "the post exists", 201, areatest.IsNew(areatest.Response{})
	s.Run(t, []areatest.Step{step})
}

// The first request claims the key and waits for the post's lock; the second waits for the first.
func TestSecondRequestWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	path := s.Post(ann, "post") + "/comment"
	step := areatest.WithKey("k", areatest.Step{As: eve, Do: "POST " + path, Body: writing("hi")})
	tx, err := s.DB.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.Exec(`SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	responses := make(chan areatest.Response, 2)
	for requests := 1; requests <= 2; requests++ {
		go func() { responses <- areatest.Do(t, s.URL, step) }()
		for s.Waiting() < requests {
			if len(responses) > 0 {
				t.Fatal("a request did not wait")
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	first, second := <-responses, <-responses
	if second.Header.Get("Idempotent-Replayed") == "" {
		first, second = second, first
	}
	if first.Status != 201 {
		t.Errorf("status %d, want 201: %s", first.Status, first.Body)
	}
	areatest.IsNew(areatest.Response{})(t, first)
	areatest.IsReplay(first)(t, second)
	if n := s.Int(`SELECT comment_count FROM posts`); n != 1 {
		t.Errorf("the post has %d comments, want 1", n)
	}
}
