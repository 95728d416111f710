package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

// keyed is a step that sends an Idempotency-Key.
func keyed(key string, step areatest.Step) areatest.Step {
	step.Header = map[string]string{"Idempotency-Key": key}
	return step
}

const marker = "Idempotent-Replayed"

func TestAKeyIsAnsweredAsTheFirstTime(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	body := `{"content":"안녕 <b>&amp;\u2028\ud83d\ude00 \"x\""}`
	first := areatest.Do(t, b.URL, keyed("k", areatest.Step{As: ann, Do: "POST /post", Body: body}))
	if first.Status != 201 || len(first.Header[marker]) > 0 {
		t.Fatalf("%d %v: %s", first.Status, first.Header, first.Body)
	}
	post := first.Header.Get("Location")
	same := func(t *testing.T, a areatest.Response) {
		t.Helper()
		if string(a.Body) != string(first.Body) || a.Header.Get("Location") != post || a.Header.Get(marker) != "true" {
			t.Errorf("answered %v %s, want %s", a.Header, a.Body, first.Body)
		}
	}
	fresh := func(t *testing.T, a areatest.Response) {
		t.Helper()
		if a.Header.Get("Location") == post || len(a.Header[marker]) > 0 {
			t.Errorf("answered %v %s", a.Header, a.Body)
		}
	}
	other := "Idempotency-Key: was used with another body; use a new key for a new request"
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "again", As: ann, Do: "POST /post", Body: body, Want: 201, Check: same}),
		keyed("k", areatest.Step{Name: "in another session", As: b.SignIn(ann), Do: "POST /post", Body: body, Want: 201, Check: same}),
		keyed("k", areatest.Step{Name: "with a query", As: ann, Do: "POST /post?x=1", Body: body, Want: 201, Check: same}),
		keyed("k", areatest.Step{Name: "another body", As: ann, Do: "POST /post", Body: `{"content":"x"}`, Want: 422, Hint: other}),
		keyed("k", areatest.Step{Name: "other bytes that say the same", As: ann, Do: "POST /post", Body: " " + body, Want: 422, Hint: other}),
		keyed("k", areatest.Step{Name: "a bad body", As: ann, Do: "POST /post", Body: `{}`, Want: 400}),
		keyed("k", areatest.Step{Name: "signed out", Do: "POST /post", Body: body, Want: 401}),
		keyed("k", areatest.Step{Name: "somebody else's", As: eve, Do: "POST /post", Body: body, Want: 201, Check: fresh}),
		keyed("K", areatest.Step{Name: "a key in another case", As: ann, Do: "POST /post", Body: body, Want: 201, Check: fresh}),
		{Name: "without a key", As: ann, Do: "POST /post", Body: body, Want: 201, Check: fresh},
		{Name: "without a key, again", As: ann, Do: "POST /post", Body: body, Want: 201, Check: fresh},
		{Name: "the post is edited", As: ann, Do: "PATCH " + post, Body: `{"content":"edited"}`, Want: 200},
		keyed("k", areatest.Step{Name: "once edited", As: ann, Do: "POST /post", Body: body, Want: 201, Check: same}),
		{Name: "the post is deleted", As: ann, Do: "DELETE " + post, Want: 204},
		keyed("k", areatest.Step{Name: "once deleted", As: ann, Do: "POST /post", Body: body, Want: 201, Check: same}),
		{Name: "and stays so", Do: "GET " + post, Want: 404},
	})
	b.Exec(`UPDATE idempotency_keys SET created_at = created_at - interval '23 hours 59 minutes'`)
	b.Run(t, []areatest.Step{keyed("k", areatest.Step{Name: "within a day", As: ann, Do: "POST /post", Body: body, Want: 201, Check: same})})
	b.Exec(`UPDATE idempotency_keys SET created_at = created_at - interval '2 minutes'`)
	b.Run(t, []areatest.Step{keyed("k", areatest.Step{Name: "a day later", As: ann, Do: "POST /post", Body: `{"content":"x"}`, Want: 201, Check: fresh})})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	rule := "Idempotency-Key: must be 1–255 visible ASCII characters"
	for name, key := range map[string]struct {
		key  string
		good bool
	}{
		"one":            {"!", true},
		"all there are":  {"~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", true},
		"255":            {strings.Repeat("k", 255), true},
		"256":            {strings.Repeat("k", 256), false},
		"none":           {"", false},
		"spaces":         {"  ", false},
		"a space inside": {"a b", false},
		"a tab inside":   {"a\tb", false},
		"not ASCII":      {"열쇠", false},
		"bad UTF-8":      {"a\xff", false},
	} {
		step := keyed(key.key, areatest.Step{Name: name, As: ann, Do: "POST /post", Body: `{"content":"hi"}`, Want: 400, Hint: rule})
		if key.good {
			step.Want, step.Hint = 201, ""
		}
		b.Run(t, []areatest.Step{step})
	}
	b.Run(t, []areatest.Step{
		keyed("a b", areatest.Step{Name: "beside a bad field", As: ann, Do: "POST /post", Body: `{"content":""}`, Want: 400,
			Hint: "content: expected length >= 1; " + rule}),
		keyed("a b", areatest.Step{Name: "on a route that takes none", As: ann, Do: "GET /post", Want: 200}),
	})
	if posts, keys := b.Int(`SELECT count(*) FROM posts`), b.Int(`SELECT count(*) FROM idempotency_keys`); posts != 3 || keys != 3 {
		t.Errorf("%d posts and %d keys", posts, keys)
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	b.Run(t, []areatest.Step{
		keyed("k", areatest.Step{Name: "refused", As: ann, Do: "POST /post", Body: `{"content":""}`, Want: 400}),
		keyed("k", areatest.Step{Name: "mended", As: ann, Do: "POST /post", Body: `{"content":"hi"}`, Want: 201, Check: func(t *testing.T, a areatest.Response) {
			if len(a.Header[marker]) > 0 {
				t.Error("a first success calls itself replayed")
			}
		}}),
	})
}

func TestTenAtOnceWithOneKey(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	answers := make([]areatest.Response, 10)
	var done sync.WaitGroup
	for i := range answers {
		done.Go(func() {
			answers[i] = areatest.Do(t, b.URL, keyed("k", areatest.Step{As: ann, Do: "POST /post", Body: `{"content":"hi"}`}))
		})
	}
	done.Wait()
	replayed := 0
	for _, a := range answers {
		if a.Status != 201 || string(a.Body) != string(answers[0].Body) || a.Header.Get("Location") != answers[0].Header.Get("Location") {
			t.Errorf("%d %s, and %s", a.Status, a.Body, answers[0].Body)
		}
		if a.Header.Get(marker) == "true" {
			replayed++
		}
	}
	if posts := b.Int(`SELECT count(*) FROM posts`); posts != 1 || replayed != 9 {
		t.Errorf("%d posts, %d replayed", posts, replayed)
	}
}

// A client that gives up midway and comes again has one post, whether the first came through or not.
func TestAClientThatGivesUpAndComesAgain(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	const rounds = 20
	for i := range rounds {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond/2)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL+"/post", strings.NewReader(`{"content":"hi"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {"Bearer " + ann.Token}, "Content-Type": {"application/json"}, "Idempotency-Key": {fmt.Sprint(i)}}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		answer := areatest.Do(t, b.URL, keyed(fmt.Sprint(i), areatest.Step{As: ann, Do: "POST /post", Body: `{"content":"hi"}`}))
		if answer.Status != 201 {
			t.Errorf("%d %s", answer.Status, answer.Body)
		}
	}
	if posts := b.Int(`SELECT count(*) FROM posts`); posts != rounds {
		t.Errorf("%d posts of %d", posts, rounds)
	}
}
