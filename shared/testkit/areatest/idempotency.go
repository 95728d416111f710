package areatest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/function"
)

// A KeyedRoute is a route that takes an Idempotency-Key and a body such as {"content":"hi"}. The
// checks below belong to such a route; each runs on a server of its own.
type KeyedRoute struct {
	Routes function.Routes
	Path   func(*Server) string // creates the rows that the route needs, and returns its path
	Table  string               // of the created rows
}

const (
	replayedHeader = "Idempotent-Replayed"
	keyHint        = "Idempotency-Key: must be 1–255 visible ASCII characters"
	keyReusedHint  = "Idempotency-Key: was used with another body; use a new key for a new request"
)

// WithKey returns the step with an Idempotency-Key.
func WithKey(key string, step Step) Step {
	step.Header = map[string]string{"Idempotency-Key": key}
	return step
}

// IsNew returns a check that the response is not a stored one, and has another Location than the
// first response.
func IsNew(first Response) func(*testing.T, Response) {
	return func(t *testing.T, r Response) {
		t.Helper()
		location := r.Header.Get("Location")
		if location == first.Header.Get("Location") || len(r.Header[replayedHeader]) > 0 {
			t.Errorf("got a stored response, want a new one: %v %s", r.Header, r.Body)
		}
		if id := fmt.Sprintf("/%v", r.Object(t)["id"]); !strings.HasSuffix(location, id) {
			t.Errorf("Location is %q, want the id of %s", location, r.Body)
		}
	}
}

// IsReplay returns a check that the response is the first one again, byte for byte.
func IsReplay(first Response) func(*testing.T, Response) {
	return func(t *testing.T, r Response) {
		t.Helper()
		if r.Header.Get(replayedHeader) != "true" {
			t.Errorf("%s is %q, want true", replayedHeader, r.Header.Get(replayedHeader))
		}
		if string(r.Body) != string(first.Body) || r.Header.Get("Location") != first.Header.Get("Location") {
			t.Errorf("got %v %s, want %v %s", r.Header, r.Body, first.Header, first.Body)
		}
	}
}

// SameKeyReplaysResponse checks which requests get the stored response.
func SameKeyReplaysResponse(t *testing.T, c KeyedRoute) {
	t.Parallel()
	s := New(t, c.Routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	path := c.Path(s)
	post := "POST " + path
	body := `{"content":"안녕 <b>&amp;\u2028\ud83d\ude00 \"x\""}`
	first := Do(t, s.URL, WithKey("k", Step{As: ann, Do: post, Body: body}))
	if first.Status != http.StatusCreated {
		t.Fatalf("%s: status %d: %s", post, first.Status, first.Body)
	}
	IsNew(Response{})(t, first)
	created := first.Header.Get("Location")
	isNew, isReplay := IsNew(first), IsReplay(first)
	isReused := func(t *testing.T, r Response) {
		if hint := r.Object(t)["hint"]; hint != keyReusedHint {
			t.Errorf("the hint is %q, want %q", hint, keyReusedHint)
		}
	}
	request := func(name, key, body string, want int, check func(*testing.T, Response)) Step {
		return WithKey(key, Step{Name: name, As: ann, Do: post, Body: body, Want: want, Check: check})
	}
	other, session := `{"content":"x"}`, s.SignIn(ann)
	s.Run(t, []Step{
		request("the same request", "k", body, 201, isReplay),
		WithKey("k", Step{Name: "another session", As: session, Do: post, Body: body, Want: 201, Check: isReplay}),
		WithKey("k", Step{Name: "a query", As: ann, Do: post + "?x=1", Body: body, Want: 201, Check: isReplay}),
		request("another body", "k", other, 422, isReused),
		request("an equal body in other bytes", "k", " "+body, 422, isReused),
		request("an invalid body", "k", `{}`, 400, nil),
		WithKey("k", Step{Name: "no token", Do: post, Body: body, Want: 401}),
		WithKey("k", Step{Name: "another user", As: eve, Do: post, Body: body, Want: 201, Check: isNew}),
		request("the key in another case", "K", body, 201, isNew),
		request("another key", "l", body, 201, isNew),
		{Name: "no key", As: ann, Do: post, Body: body, Want: 201, Check: isNew},
		{Name: "no key, again", As: ann, Do: post, Body: body, Want: 201, Check: isNew},
		{Name: "edit", As: ann, Do: "PATCH " + created, Body: `{"content":"edited"}`, Want: 200},
		request("after the edit", "k", body, 201, isReplay),
		{Name: "delete", As: ann, Do: "DELETE " + created, Want: 204},
		request("after the deletion", "k", body, 201, isReplay),
		{Name: "it stays deleted", Do: "GET " + created, Want: 404},
	})
	CheckInvariants(t, s.DB)
	s.Exec(`UPDATE idempotency_keys SET created_at = created_at - interval '23 hours 59 minutes'`)
	s.Run(t, []Step{request("within a day", "k", body, 201, isReplay)})
	s.Exec(`UPDATE idempotency_keys SET created_at = created_at - interval '2 minutes'`)
	s.Run(t, []Step{request("after a day, another body", "k", other, 201, isNew)})
}

// BadKeysAreRefused checks the rule of the header, and that a refused request creates nothing.
func BadKeysAreRefused(t *testing.T, c KeyedRoute) {
	t.Parallel()
	s := New(t, c.Routes)
	ann := s.User("ann.1")
	path := c.Path(s)
	const good = `{"content":"hi"}`
	before := s.Int(`SELECT count(*) FROM ` + c.Table)
	for name, test := range map[string]struct {
		key string
		ok  bool
	}{
		"one character":        {"!", true},
		"all other characters": {"~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", true},
		"255 characters":       {strings.Repeat("k", 255), true},
		"256 characters":       {strings.Repeat("k", 256), false},
		"an empty key":         {"", false},
		"spaces":               {"  ", false},
		"a space inside":       {"a b", false},
		"a tab inside":         {"a\tb", false},
		"not ASCII":            {"열쇠", false},
		"invalid UTF-8":        {"a\xff", false},
	} {
		step := Step{Name: name, As: ann, Do: "POST " + path, Body: good, Want: 400, Hint: keyHint}
		if test.ok {
			step.Want, step.Hint = 201, ""
		}
		s.Run(t, []Step{WithKey(test.key, step)})
	}
	invalid := Step{Name: "beside an invalid field", As: ann, Do: "POST " + path, Body: `{"content":""}`, Want: 400,
		Check: func(t *testing.T, r Response) {
			t.Helper()
			hint := r.Object(t)["hint"].(string)
			if !strings.HasPrefix(hint, "content: 1 to ") || !strings.HasSuffix(hint, " characters; "+keyHint) {
				t.Errorf("the hint is %q", hint)
			}
		}}
	s.Run(t, []Step{
		WithKey("a b", invalid),
		WithKey(strings.Repeat("k", 256), invalid),
		WithKey("a b", Step{Name: "on a route that takes no key", As: ann, Do: "GET " + path, Want: 200}),
	})
	created, keys := s.Int(`SELECT count(*) FROM `+c.Table)-before, s.Int(`SELECT count(*) FROM idempotency_keys`)
	if created != 3 || keys != 3 {
		t.Errorf("%d rows and %d keys are stored, want 3 and 3", created, keys)
	}
}

// FailureStoresNothing checks that a key can be used again after a refusal.
func FailureStoresNothing(t *testing.T, c KeyedRoute) {
	t.Parallel()
	s := New(t, c.Routes)
	ann := s.User("ann.1")
	post, isNew := "POST "+c.Path(s), IsNew(Response{})
	s.Run(t, []Step{
		WithKey("k", Step{Name: "refused", As: ann, Do: post, Body: `{"content":""}`, Want: 400}),
		WithKey("k", Step{Name: "corrected", As: ann, Do: post, Body: `{"content":"hi"}`, Want: 201, Check: isNew}),
	})
}

// ConcurrencyCreatesOnce checks that ten requests at once with one key create one row, and
// all get the same response.
func ConcurrencyCreatesOnce(t *testing.T, c KeyedRoute) {
	t.Parallel()
	s := New(t, c.Routes)
	ann := s.User("ann.1")
	step := WithKey("k", Step{As: ann, Do: "POST " + c.Path(s), Body: `{"content":"hi"}`})
	before := s.Int(`SELECT count(*) FROM ` + c.Table)
	responses := make([]Response, 10)
	var done sync.WaitGroup
	for i := range responses {
		done.Go(func() { responses[i] = Do(t, s.URL, step) })
	}
	done.Wait()
	replayed := 0
	body, location := string(responses[0].Body), responses[0].Header.Get("Location")
	for _, r := range responses {
		if r.Status != 201 || string(r.Body) != body || r.Header.Get("Location") != location {
			t.Errorf("got %d %s, and another request got %s", r.Status, r.Body, body)
		}
		if r.Header.Get(replayedHeader) == "true" {
			replayed++
		}
	}
	if created := s.Int(`SELECT count(*) FROM `+c.Table) - before; created != 1 || replayed != 9 {
		t.Errorf("%d rows were created and %d responses replayed, want 1 and 9", created, replayed)
	}
	CheckInvariants(t, s.DB)
}

// RetryCreatesOnce checks that a client that cancels a request and repeats it creates one
// row, whether the cancelled request succeeded or not.
func RetryCreatesOnce(t *testing.T, c KeyedRoute) {
	t.Parallel()
	s := New(t, c.Routes)
	ann := s.User("ann.1")
	path := c.Path(s)
	const body = `{"content":"hi"}`
	before := s.Int(`SELECT count(*) FROM ` + c.Table)
	const rounds = 20
	for i := range rounds {
		key := fmt.Sprint(i)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond/2)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{
			"Authorization": {"Bearer " + ann.Token}, "Content-Type": {"application/json"}, "Idempotency-Key": {key},
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		repeated := Do(t, s.URL, WithKey(key, Step{As: ann, Do: "POST " + path, Body: body}))
		if repeated.Status != 201 {
			t.Errorf("the repeated request: status %d: %s", repeated.Status, repeated.Body)
		}
	}
	if created := s.Int(`SELECT count(*) FROM `+c.Table) - before; created != rounds {
		t.Errorf("%d rows were created, want %d", created, rounds)
	}
	CheckInvariants(t, s.DB)
}
