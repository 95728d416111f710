package limit_test

import (
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/limit"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

func newStore(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(url, "test", 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var client = netip.MustParseAddr("192.0.2.1")

// Two processes, or two hosts, that count the requests of one client at once allow exactly as many
// as one would.
func TestLimitsHoldAcrossProcesses(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	rules := limit.Default()
	rules.SignInAccount = limit.Rule{Count: 7, Period: 24 * time.Hour}
	var all sync.WaitGroup
	results := make(chan error, 40)
	for range 2 {
		l := limit.New(newStore(t, url), &rules)
		for range cap(results) / 2 {
			all.Go(func() { results <- l.SignIn(t.Context(), client, "ann.1") })
		}
	}
	all.Wait()
	close(results)
	allowed := 0
	for err := range results {
		if err == nil {
			allowed++
			continue
		}
		e, ok := apperror.From(err)
		if !ok || e.Code != apperror.TooManyRequests || e.RetryAfter <= 0 || e.RetryAfter > 24*time.Hour/7 {
			t.Errorf("got %v", err)
		}
		if ok && !regexp.MustCompile(`; try again in \d{4,5} s\.$`).MatchString(e.Hint) {
			t.Errorf("the hint %q does not say when to try again", e.Hint)
		}
	}
	if allowed != 7 {
		t.Errorf("%d requests are allowed, want 7", allowed)
	}
}

// A request that one limit refuses counts against no other.
func TestRefusedRequestCountsAgainstNoLimit(t *testing.T) {
	t.Parallel()
	rules := limit.Default()
	rules.SignInAccount = limit.Rule{Count: 1, Period: 24 * time.Hour}
	rules.SignInClient = limit.Rule{Count: 2, Period: 24 * time.Hour}
	l := limit.New(newStore(t, testdb.URL(t)), &rules)
	for i, c := range []struct {
		id      string
		allowed bool
	}{{"ann.1", true}, {"ann.1", false}, {"ann.1", false}, {"eve.1", true}, {"joe.1", false}} {
		if err := l.SignIn(t.Context(), client, c.id); (err == nil) != c.allowed {
			t.Errorf("request %d: got %v, want allowed: %t", i+1, err, c.allowed)
		}
	}
}

// A limit recovers by one request in each period / count.
func TestLimitRecovers(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	db := testdb.Open(t, url)
	rules := limit.Default()
	rules.SignUp = limit.Rule{Count: 4, Period: 4 * time.Hour}
	l := limit.New(newStore(t, url), &rules)
	take := func(want int) {
		t.Helper()
		got := 0
		for l.SignUp(t.Context(), client) == nil {
			got++
		}
		if got != want {
			t.Errorf("%d requests are allowed, want %d", got, want)
		}
	}
	take(4)
	for hours, want := range map[int]int{1: 1, 2: 2, 9: 4} {
		if _, err := db.Exec(`UPDATE rate_limits SET tat = tat - $1 * interval '1 hour'`, hours); err != nil {
			t.Fatal(err)
		}
		take(want)
	}
}

func TestPruneLimits(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	db, s := testdb.Open(t, url), newStore(t, url)
	if err := limit.New(s, new(limit.Default())).SignUp(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{0, 1, 0} {
		if n, err := s.PruneLimits(t.Context(), 10); n != want || err != nil {
			t.Errorf("pruned %d, %v, want %d", n, err, want)
		}
		if _, err := db.Exec(`UPDATE rate_limits SET tat = now() - interval '11 minutes'`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRequester(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := limit.Requester(netip.MustParseAddr(address), "Ann.1"); got.Client != want || got.Account != "ann.1" {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	if got := limit.Requester(netip.Addr{}, "ann.1"); got.Client == "" {
		t.Error("an unknown address has no name")
	}
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	var l *limit.Limiter
	for _, err := range []error{
		l.SignIn(t.Context(), client, "ann.1"), l.SignUp(t.Context(), client), l.Refresh(t.Context(), client),
		l.TemporaryPassword(t.Context(), client, "ann.1"), l.CheckID(t.Context(), client),
		l.CurrentPassword(t.Context(), "session"), l.TakeBack(t.Context(), "session"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}
