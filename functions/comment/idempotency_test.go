package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

func keyed(key string, step areatest.Step) areatest.Step {
	step.Header = map[string]string{"Idempotency-Key": key}
	return step
}

const marker = "Idempotent-Replayed"

func TestAKeyIsAnsweredAsTheFirstTime(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	post, other := b.Post(ann, "post"), b.Post(ann, "other")
	path := post + "/comment"
	first := areatest.Do(t, b.URL, keyed("k", areatest.Step{As: eve, Do: "POST " + path, Body: writing("hi")}))
	if first.Status != 201 || len(first.Header[marker]) > 0 {
		t.Fatalf("%d %v: %s", first.Status, first.Header, first.Body)
	}
	comment := first.Header.Get("Location")
	same := func(t *testing.T, a areatest.Response) {
		if string(a.Body) != string(first.Body) || a.Header.Get("Location") != comment || a.Header.Get(marker) != "true" {
			t.Errorf("answered %v %s, want %s", a.Header, a.Body, first.Body)
		}
	}
	fresh := func(t *testing.T, a areatest.Response) {
		if a.Header.Get("Location") == comment || len(a.Header[marker]) > 0 {
			t.Errorf("answered %v %s", a.Header, a.Body)
		}
	}
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "again", As: eve, Do: "POST " + path, Body: writing("hi"), Want: 201, Check: same}),
		keyed("k", areatest.Step{Name: "another body", As: eve, Do: "POST " + path, Body: writing("ho"), Want: 422}),
		keyed("k", areatest.Step{Name: "on another post", As: eve, Do: "POST " + other + "/comment", Body: writing("ho"), Want: 201, Check: fresh}),
		keyed("k", areatest.Step{Name: "somebody else's", As: ann, Do: "POST " + path, Body: writing("ho"), Want: 201, Check: fresh}),
		keyed("a b", areatest.Step{Name: "a bad key", As: eve, Do: "POST " + path, Body: writing("hi"), Want: 400,
			Hint: "Idempotency-Key: must be 1–255 visible ASCII characters"}),
		keyed(strings.Repeat("k", 256), areatest.Step{Name: "a bad key and body", As: eve, Do: "POST " + path, Body: writing(""), Want: 400}),
		{Name: "the comment is edited", As: eve, Do: "PATCH " + comment, Body: writing("edited"), Want: 200},
		keyed("k", areatest.Step{Name: "once edited", As: eve, Do: "POST " + path, Body: writing("hi"), Want: 201, Check: same}),
		{Name: "the comment is deleted", As: eve, Do: "DELETE " + comment, Want: 204},
		keyed("k", areatest.Step{Name: "once deleted", As: eve, Do: "POST " + path, Body: writing("hi"), Want: 201, Check: same}),
		{Name: "and stays so", Do: "GET " + comment, Want: 404},
	})
	areatest.CheckInvariants(t, b.DB)
	b.Exec(`DELETE FROM posts`)
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "once the post is gone too", As: eve, Do: "POST " + path, Body: writing("hi"), Want: 201, Check: same}),
	})
}

func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	first := b.Post(ann, "post")
	next := first[:len(first)-1] + "2" // the post that will be written next
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "a post yet to come", As: ann, Do: "POST " + next + "/comment", Body: writing("hi"), Want: 404}),
		keyed("k", areatest.Step{Name: "twice", As: ann, Do: "POST " + next + "/comment", Body: writing("hi"), Want: 404}),
	})
	if n := b.Int(`SELECT count(*) FROM idempotency_keys`); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
	if path := b.Post(ann, "post"); path != next {
		t.Fatalf("the post is %s", path)
	}
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "it has come", As: ann, Do: "POST " + next + "/comment", Body: writing("hi"), Want: 201, Check: func(t *testing.T, a areatest.Response) {
			if len(a.Header[marker]) > 0 {
				t.Error("a first success calls itself replayed")
			}
		}}),
	})
}

func TestTenAtOnceWithOneKey(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	path := b.Post(ann, "post") + "/comment"
	answers := make([]areatest.Response, 10)
	var done sync.WaitGroup
	for i := range answers {
		done.Go(func() {
			answers[i] = areatest.Do(t, b.URL, keyed("k", areatest.Step{As: eve, Do: "POST " + path, Body: writing("hi")}))
		})
	}
	done.Wait()
	replayed := 0
	for _, a := range answers {
		if a.Status != 201 || string(a.Body) != string(answers[0].Body) {
			t.Errorf("%d %s, and %s", a.Status, a.Body, answers[0].Body)
		}
		if a.Header.Get(marker) == "true" {
			replayed++
		}
	}
	if comments := b.Int(`SELECT count(*) FROM comments`); comments != 1 || replayed != 9 {
		t.Errorf("%d comments, %d replayed", comments, replayed)
	}
	areatest.CheckInvariants(t, b.DB)
}

// The first request holds the key while it waits for the post; the second waits for the first.
func TestTheFirstUnderWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	path := b.Post(ann, "post") + "/comment"
	step := keyed("k", areatest.Step{As: eve, Do: "POST " + path, Body: writing("hi")})
	tx, err := b.DB.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if _, err := tx.Exec(`SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	answers := make(chan areatest.Response, 2)
	for waiting := 1; waiting <= 2; waiting++ {
		go func() { answers <- areatest.Do(t, b.URL, step) }()
		for b.Int(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) < waiting {
			if len(answers) > 0 {
				t.Fatal("one did not wait")
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	first, second := <-answers, <-answers
	if len(first.Header[marker]) > 0 {
		first, second = second, first
	}
	if first.Status != 201 || string(first.Body) != string(second.Body) || len(first.Header[marker]) > 0 || second.Header.Get(marker) != "true" {
		t.Errorf("%s %v, then %s %v", first.Body, first.Header, second.Body, second.Header)
	}
	if n := b.Int(`SELECT comment_count FROM posts`); n != 1 {
		t.Errorf("%d comments", n)
	}
}
