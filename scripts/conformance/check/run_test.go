package check_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"minifb/scripts/conformance/check"
)

// serve returns options for a server with this handler.
func serve(t *testing.T, h http.HandlerFunc) check.Options {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return check.Options{URL: server.URL, Parallel: 2, Always: func(*check.Response) {}}
}

// A case that meets a busy server is run again, and its failure is reported only if it fails again.
func TestBusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	var done []check.Result
	o.Done = func(n int, r check.Result) {
		if done = append(done, r); n != len(done) {
			t.Errorf("the number %d, want %d", n, len(done))
		}
	}
	c := check.Case{Name: "a/b", Run: func(t *check.T) { t.Send(check.Request{Do: "GET /"}).Want(http.StatusOK) }}
	results, err := check.Run(t.Context(), []check.Case{c}, o)
	if err != nil || len(results) != 1 || results[0].Failure != nil || len(done) != 1 || done[0].Failure != nil {
		t.Errorf("%v, %v; reported: %v", results, err, done)
	}
}

// A call that began before the limit and returned after it does not fail the case.
func TestEventuallyForgivesSlowRequests(t *testing.T) {
	t.Parallel()
	for _, last := range []int{2, 3} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			c := check.Case{Name: "a/b", Run: func(t *check.T) {
				t.Eventually(time.Second, "the last call", func() bool {
					time.Sleep(2 * time.Second)
					calls++
					return calls == last
				})
			}}
			results, err := check.Run(t.Context(), []check.Case{c}, check.Options{Parallel: 1})
			if err != nil {
				t.Fatal(err)
			}
			failure, isLate := results[0].Failure, last > 2
			if isLate != (failure != nil) || isLate && !strings.Contains(failure.Got, "not within 1s") {
				t.Errorf("the call %d succeeds: %v", last, failure)
			}
		})
	}
}
