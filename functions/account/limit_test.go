package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"minifb/shared/function"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/programs"
)

// daily has the default counts, for a day, so that no time passes for the limits during a test.
const daily = "sign_up=20/24h,check_id=60/24h,temporary_password_account=3/24h,temporary_password_client=20/24h," +
	"wrong_password=10/24h"

func TestSignUpIsLimited(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	b.User("ann.1")
	taken := areatest.Step{Do: "POST /signup", Body: `{"id":"ann.1","name":"Ann",` + rightPassword + `}`, Want: 409}
	b.CheckLimit(t, taken, 20)
}

func TestIDChecksAreLimited(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	b.CheckLimit(t, areatest.Step{Do: "GET /check/id/ann.1", Want: 200}, 60)
}

// Ill-formed requests do not count.
func TestLimitsCountAfterValidation(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "sign_up=1/24h,check_id=1/24h,temporary_password_client=1/24h")
	b.Run(t, []areatest.Step{
		{Name: "sign-up", Do: "POST /signup", Body: `{"id":"a","name":"Ann",` + rightPassword + `}`, Want: 400},
		{Name: "check", Do: "GET /check/id/a", Want: 400},
		{Name: "temporary password", Do: "POST /temporary-password", Body: `{"id":"a"}`, Want: 400},
		{Name: "sign-up", Do: "POST /signup", Body: `{"id":"ann.1","name":"Ann",` + rightPassword + `}`, Want: 201},
		{Name: "check", Do: "GET /check/id/ann.1", Want: 409},
		{Name: "temporary password", Do: "POST /temporary-password", Body: `{"id":"ann.1"}`, Want: 202},
		{Name: "one more sign-up", Do: "POST /signup", Body: `{"id":"eve.1","name":"Eve",` + rightPassword + `}`,
			Want: 429},
		{Name: "one more check", Do: "GET /check/id/ann.1", Want: 429},
		{Name: "one more temporary password", Do: "POST /temporary-password", Body: `{"id":"eve.1"}`, Want: 429},
	})
}

// An account gets 3 mails in 30 minutes, whoever asks for them.
func TestTemporaryPasswordsAreLimitedByAccount(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	request := func(id, from string, want int) areatest.Step {
		return areatest.Step{
			Name: id + " from " + from, Do: "POST /temporary-password", Body: `{"id":"` + id + `"}`, Want: want,
			Header: areatest.From(from),
		}
	}
	b.Run(t, []areatest.Step{
		request("ann.1", "192.0.2.1", 202), request("ANN.1", "192.0.2.2", 202), request("ann.1", "192.0.2.3", 202),
		request("Ann.1", "192.0.2.4", 429), request("ann.1", "192.0.2.1", 429), request("eve.1", "192.0.2.1", 202),
	})
}

func TestTemporaryPasswordsAreLimitedByClient(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	for i := range 21 {
		want := 202
		if i == 20 {
			want = 429
		}
		step := areatest.Step{Do: "POST /temporary-password", Body: fmt.Sprintf(`{"id":"user.%d"}`, i)}
		if got := areatest.Do(t, b.URL, step); got.Status != want {
			t.Errorf("request %d: status %d, want %d", i+1, got.Status, want)
		}
	}
}

// Whoever has stolen an access token cannot try passwords with it.
func TestWrongCurrentPasswordsAreLimited(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	ann := b.User("ann.1")
	other := b.SignIn(ann)
	const wrong = `"password":"not the password"`
	attempts := []areatest.Step{
		{Do: "PATCH /user/password", Body: `{` + wrong + `,"new_password":"another password"}`},
		{Do: "PATCH /user/email", Body: `{"email":null,` + wrong + `}`},
		{Do: "POST /user/deletion", Body: `{` + wrong + `}`},
	}
	right := []areatest.Step{
		{Do: "PATCH /user/password", Body: `{` + rightPassword + `,"new_password":"another password"}`},
		{Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`},
		{Do: "POST /user/deletion", Body: `{` + rightPassword + `}`},
	}
	send := func(step areatest.Step, as *areatest.Caller, want int) {
		t.Helper()
		step.As = as
		response := areatest.Do(t, b.URL, step)
		areatest.CheckResponse(t, response)
		if response.Status != want {
			t.Fatalf("%s: status %d, want %d: %s", step.Do, response.Status, want, response.Body)
		}
	}
	for i := range 10 {
		send(right[1], ann, 200) // a right one does not count
		send(attempts[i%3], ann, 403)
	}
	for i := range 3 {
		send(attempts[i], ann, 429)
		send(right[i], ann, 429)
	}
	if _, _, err := b.Store.Refresh(t.Context(), ann.Refresh); err != nil {
		t.Fatal(err)
	}
	send(right[0], ann, 429)
	send(right[1], other, 200) // another session of the account
	send(right[2], other, 204)
}

// A password that could not be checked is not a wrong one.
func TestUncheckedPasswordsDoNotCount(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "wrong_password=1/24h")
	ann := b.User("ann.1")
	deps := b.Deps
	deps.Passwords = new(password.Hasher) // refuses every call
	busy := areatest.Serve(t, routes, deps)
	for range 3 {
		step := areatest.Step{As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`}
		if response := areatest.Do(t, busy, step); response.Status != 503 {
			t.Errorf("status %d, want 503: %s", response.Status, response.Body)
		}
	}
	b.Run(t, []areatest.Step{
		{Name: "right", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`, Want: 200},
	})
}

// Nor is one whose request has ended in the queue of password hashes.
func TestPasswordsThatWaitTooLongDoNotCount(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "wrong_password=1/24h")
	ann := b.User("ann.1")
	deps := b.Deps
	deps.Passwords = password.New(password.MaxIterations)
	handler := function.NewHandler("account", routes, deps, function.Settings{
		Timeout: 3 * time.Second, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	// As long as these clients take their turns, ann waits longer than the time limit.
	filling, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for i := range 30 * runtime.GOMAXPROCS(0) {
		clients.Go(func() {
			for filling.Err() == nil {
				_, _ = deps.Passwords.Hash(filling, password.Requester{Client: fmt.Sprint(i)}, "any")
			}
		})
	}
	programs.Until(t, "the queue is long", func() bool {
		return deps.Passwords.Queue().Waiting >= 28*runtime.GOMAXPROCS(0)
	})
	for n := int64(1); n <= 2; n++ {
		step := areatest.Step{As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`}
		response := areatest.Do(t, server.URL, step)
		if refused := deps.Passwords.Queue().Refused; response.Status != 503 || refused != n {
			t.Errorf("status %d, want 503, and the queue refused %d: %s", response.Status, refused, response.Body)
		}
	}
	stop()
	clients.Wait()
	b.Run(t, []areatest.Step{
		{Name: "right", As: ann, Do: "PATCH /user/email", Body: `{"email":null,` + rightPassword + `}`, Want: 200},
	})
}

// A refused request costs no hash and one statement.
func TestRefusedRequestIsCheap(t *testing.T) {
	t.Parallel()
	const setting = "sign_up=1/24h,wrong_password=1/24h,check_id=1/24h,temporary_password_client=1/24h"
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	counted, executed := b.CountStatements(t)
	rules, err := limit.Parse(setting)
	if err != nil {
		t.Fatal(err)
	}
	b.Deps.Store, b.Deps.Limits = counted, limit.New(counted, rules)
	url := areatest.Serve(t, routes, b.Deps)
	b.Deps.Passwords = new(password.Hasher) // refuses every call
	cheap := areatest.Serve(t, routes, b.Deps)
	for _, step := range []areatest.Step{
		{Do: "POST /signup", Body: `{"id":"eve.1","name":"Eve",` + rightPassword + `}`},
		{As: ann, Do: "PATCH /user/email", Body: `{"email":null,"password":"not the password"}`},
		{Do: "GET /check/id/ann.1"}, {Do: "POST /temporary-password", Body: `{"id":"ann.1"}`},
	} {
		areatest.Do(t, url, step)
		before := executed()
		response := areatest.Do(t, cheap, step)
		if n := executed() - before; n != 1 || response.Status != 429 {
			t.Errorf("%s: status %d and %d statements, want 429 and 1", step.Do, response.Status, n)
		}
	}
}

func TestLimitsOff(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "off")
	ann := b.User("ann.1")
	for range 25 {
		for _, step := range []areatest.Step{
			{As: ann, Do: "PATCH /user/email", Body: `{"email":null,"password":"not the password"}`, Want: 403},
			{Do: "POST /temporary-password", Body: `{"id":"ann.1"}`, Want: 202},
		} {
			if response := areatest.Do(t, b.URL, step); response.Status != step.Want {
				t.Fatalf("%s: status %d, want %d", step.Do, response.Status, step.Want)
			}
		}
	}
}
