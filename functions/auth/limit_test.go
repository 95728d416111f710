package main

import (
	"fmt"
	"sync"
	"testing"

	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
)

// daily has the default counts, for a day, so that no time passes for the limits during a test.
const daily = "sign_in_account=10/24h,sign_in_client=100/24h,refresh=60/24h"

const wrongPassword = "not the password"

func TestSignInsAreLimitedByAccount(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	b.User("ann.1")
	b.CheckLimit(t, areatest.Step{Do: "POST /auth", Body: credentials("ann.1", wrongPassword), Want: 401}, 10)
	b.Run(t, []areatest.Step{
		{Name: "in another case", Do: "POST /auth", Body: credentials("ANN.1", areatest.Password), Want: 429,
			Header: areatest.From("192.0.2.1")},
		{Name: "another account", Do: "POST /auth", Body: credentials("eve.1", wrongPassword), Want: 401,
			Header: areatest.From("192.0.2.1")},
		{Name: "the owner at another address", Do: "POST /auth", Body: credentials("ann.1", areatest.Password),
			Want: 200, Header: areatest.From("192.0.2.2")},
	})
}

func TestSignInsAreLimitedByClient(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	for i := range 101 {
		want := 401
		if i == 100 {
			want = 429
		}
		step := areatest.Step{Do: "POST /auth", Body: credentials(fmt.Sprintf("user.%d", i), wrongPassword)}
		if r := areatest.Do(t, b.URL, step); r.Status != want {
			t.Fatalf("sign-in %d: status %d, want %d", i+1, r.Status, want)
		}
	}
}

func TestRefreshesAreLimited(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, daily)
	token := areatest.Step{Do: "POST /refresh", Body: `{"refresh_token":"none"}`, Want: 401}
	b.CheckLimit(t, token, 60)
}

// One customer has a whole IPv6 /64. IPv4 addresses count one by one, however they are written.
func TestIPv6ClientsAreLimitedByNetwork(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "sign_in_account=1/24h,sign_in_client=2/24h")
	signIn := func(id, from string, want int) areatest.Step {
		return areatest.Step{
			Name: id + " from " + from, Do: "POST /auth", Body: credentials(id, wrongPassword), Want: want,
			Header: areatest.From(from),
		}
	}
	b.Run(t, []areatest.Step{
		signIn("ann.1", "2001:db8:1:2::1", 401), signIn("ann.1", "2001:db8:1:2:ffff::9", 429),
		signIn("eve.1", "2001:db8:1:2:8000::", 401), signIn("joe.1", "2001:db8:1:2::4", 429),
		signIn("ann.1", "2001:db8:1:3::1", 401),
		signIn("ann.1", "192.0.2.1", 401), signIn("ann.1", "::ffff:192.0.2.1", 429), signIn("ann.1", "192.0.2.2", 401),
	})
}

// Only what a trusted proxy reports counts as the client's address.
func TestForgedForwardedForDoesNotEvadeLimits(t *testing.T) {
	t.Parallel()
	b := areatest.Limited(t, routes, "sign_in_account=1/24h")
	direct := areatest.Serve(t, routes, b.Deps) // without a trusted proxy
	for i, want := range []int{401, 429, 429} {
		step := areatest.Step{
			Do: "POST /auth", Body: credentials("ann.1", wrongPassword),
			Header: areatest.From(fmt.Sprintf("192.0.2.%d", i)),
		}
		if r := areatest.Do(t, direct, step); r.Status != want {
			t.Errorf("without a proxy, request %d: status %d, want %d", i+1, r.Status, want)
		}
		step.Header = areatest.From(fmt.Sprintf("198.51.100.%d, 203.0.113.9", i)) // the proxy adds the last
		if r := areatest.Do(t, b.URL, step); r.Status != want {
			t.Errorf("through a proxy, request %d: status %d, want %d", i+1, r.Status, want)
		}
	}
}

// A refused sign-in costs no hash and one statement, whether the account exists or not.
func TestRefusedSignInIsCheap(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	b.User("ann.1")
	counted, executed := b.CountStatements(t)
	rules := limit.Default()
	rules.SignInAccount.Count, rules.Refresh.Count = 1, 1
	b.Deps.Store, b.Deps.Limits = counted, limit.New(counted, &rules)
	full := areatest.Serve(t, routes, b.Deps)
	b.Deps.Passwords = new(password.Hasher) // refuses every call
	url := areatest.Serve(t, routes, b.Deps)
	for _, step := range []areatest.Step{
		{Do: "POST /auth", Body: credentials("ann.1", wrongPassword)},
		{Do: "POST /auth", Body: credentials("nobody.1", wrongPassword)},
	} {
		areatest.Do(t, full, step)
		before := executed()
		r := areatest.Do(t, url, step)
		if n := executed() - before; r.Status != 429 || n != 1 {
			t.Errorf("%s: status %d and %d statements, want 429 and 1", step.Body, r.Status, n)
		}
	}
}

// An attacker at one address tries 1,000 passwords and fills every queue, with the limits on or off.
// The owner signs in from another address all the same.
func TestOwnerSignsInWhileAnotherAddressTriesThousandPasswords(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"on", "off"} {
		t.Run("limits "+setting, func(t *testing.T) {
			t.Parallel()
			b := areatest.Limited(t, routes, setting)
			b.User("ann.1")
			b.Deps.Passwords = password.New(20_000) // a queue builds up
			b.URL = areatest.ServeBehindProxy(t, routes, b.Deps)
			attempts := make(chan int, 1000)
			for i := range cap(attempts) {
				attempts <- i
			}
			close(attempts)
			started := make(chan struct{}, cap(attempts))
			var attackers sync.WaitGroup
			for range 150 {
				attackers.Go(func() {
					for i := range attempts {
						id := "ann.1"
						if i%2 == 1 { // other accounts, to fill the queue with
							id = fmt.Sprintf("user.%d", i)
						}
						started <- struct{}{}
						areatest.Do(t, b.URL, areatest.Step{
							Do: "POST /auth", Body: credentials(id, fmt.Sprintf("password %d", i)),
							Header: areatest.From("203.0.113.9"),
						})
					}
				})
			}
			for n := range 4 {
				for range 200 {
					<-started
				}
				r := areatest.Do(t, b.URL, areatest.Step{
					Do: "POST /auth", Body: credentials("ann.1", areatest.Password), Header: areatest.From("192.0.2.1"),
				})
				if r.Status != 200 {
					t.Errorf("the owner's sign-in %d: status %d: %s", n+1, r.Status, r.Body)
				}
			}
			attackers.Wait()
		})
	}
}
