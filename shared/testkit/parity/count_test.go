package parity

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/lambdatest"
)

// countedRequests is how many requests these tests send. MINIFB_COUNTED=100000 is the long form.
func countedRequests(t *testing.T) int {
	t.Helper()
	text := os.Getenv("MINIFB_COUNTED")
	if text == "" {
		return 3000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		t.Fatalf("MINIFB_COUNTED is %q: it must be a whole number, at least 100", text)
	}
	return n
}

// counted are requests to each function, and what they are counted as: a route of a function, or
// none.
var counted = []struct{ do, route string }{
	{"GET /post?size=1", "post GET /post"},
	{"GET /post/1", "post GET /post/{id}"},
	{"HEAD /post/1", "post HEAD /post/{id}"},
	{"GET /post/999999", "post GET /post/{id}"},
	{"POST /post", "post POST /post"}, // without a token
	{"PUT /post", "post * other"},
	{"GET /user/ann.1", "account GET /user/{id}"},
	{"GET /user", "account GET /user"},
	{"GET /check/id/free.1", "account GET /check/id/{id}"}, // soon too often
	{"GET /session", "auth GET /session"},
	{"GET /.well-known/jwks.json", "auth GET /.well-known/jwks.json"},
	{"GET /timeline/ann.1?size=0", "timeline GET /timeline/{id}"},
	{"GET /post/1/comment", "comment GET /post/{id}/comment"},
	{"DELETE /comment/5", "comment DELETE /comment/{id}"},
	{"GET /post/1/reaction", "reaction GET /post/{id}/reaction"},
	{"GET /notification", "notification GET /notification"},
	{"GET /backoffice/stat/service", "backoffice GET /backoffice/stat/service"},
	{"GET /nowhere", "- * other"},
	{"BREW /post/1", "post * other"},
}

// unstored is the longest time for which a function's counts may be in its memory alone: a pause between two flushes,
// and the longest flush.
const unstored = 3 * time.Second

// A tally counts responses, and those of the function that is killed shortly before that.
type tally struct {
	mu      sync.Mutex
	counts  map[store.Endpoint]int64
	ofPost  map[store.Endpoint]bool // the endpoints of post, which is killed
	arrived []time.Time             // when the responses of post did
	killed  time.Time               // zero: never
	allowed int64                   // how many requests to post may be missing
}

func (c *tally) add(route string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	area, endpoint, _ := strings.Cut(route, " ")
	method, path, _ := strings.Cut(endpoint, " ")
	e := store.Endpoint{Method: method, Path: path, Status: status}
	c.counts[e]++
	if area == "post" {
		c.ofPost[e] = true
		c.arrived = append(c.arrived, time.Now())
	}
}

// sendCounted sends n random requests by eight clients, and calls halfway in the middle. Send returns the status.
func sendCounted(t *testing.T, n int, halfway func(*tally) error, send func(do string) (int, error)) *tally {
	t.Helper()
	c := &tally{counts: map[store.Endpoint]int64{}, ofPost: map[store.Endpoint]bool{}}
	var sent atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				i := int(sent.Add(1))
				if i > n {
					return
				}
				if i == n/2 {
					if err := halfway(c); err != nil {
						t.Errorf("halfway: %v", err)
						return
					}
				}
				r := counted[rand.IntN(len(counted))]
				status, err := send(r.do)
				if err != nil {
					t.Errorf("%s: %v", r.do, err)
					return
				}
				c.add(r.route, status)
			}
		})
	}
	clients.Wait()
	for _, at := range c.arrived {
		if at.Before(c.killed) && c.killed.Sub(at) < unstored {
			c.allowed++
		}
	}
	return c
}

// checkCounted waits until the counts are those of the clients: all but the last ones of the function
// that was killed.
func checkCounted(t *testing.T, s *store.Store, c *tally, step func()) {
	t.Helper()
	var different string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		step()
		now := time.Now()
		stored, err := s.RequestCounts(t.Context(), now.Add(-time.Hour).Truncate(store.RequestStep), now)
		must(t, err)
		got := map[store.Endpoint]int64{}
		for _, n := range stored {
			got[store.Endpoint{Method: n.Method, Path: n.Path, Status: n.Status}] = n.N
		}
		missing := int64(0)
		different = ""
		for e, n := range c.counts {
			less := n - got[e]
			missing += less
			if less != 0 && (!c.ofPost[e] || c.allowed == 0) {
				different += fmt.Sprintf("%v: %d stored, %d received\n", e, got[e], n)
			}
			delete(got, e)
		}
		if missing < 0 || missing > c.allowed || len(got) > 0 {
			different += fmt.Sprintf("%d requests are missing, %d may be; not sent: %v\n", missing, c.allowed, got)
		}
		if different == "" {
			t.Logf("%d requests to %d endpoints and statuses; %d of the killed function's are missing, up to %d may be",
				sum(c.counts), len(c.counts), missing, c.allowed)
			return
		}
	}
	t.Error(different)
}

func sum(counts map[store.Endpoint]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// The counts of all functions, and of the gateway or nginx, are those of the clients, while one
// function is killed and restarted.
func TestEachRequestIsCountedOnce(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	for name, behindNginx := range map[string]bool{"gateway": false, "nginx": true} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, b.keys, users(b.template))
			all := startBundle(t, b, f, behindNginx)
			s, err := store.Open(f.url, "counted", 2)
			must(t, err)
			t.Cleanup(func() { _ = s.Close() })
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
			kill := func(c *tally) error {
				pid := all.Function("post").PID()
				c.mu.Lock()
				defer c.mu.Unlock()
				c.killed = time.Now()
				return syscall.Kill(pid, syscall.SIGKILL)
			}
			c := sendCounted(t, countedRequests(t), kill, func(do string) (int, error) {
				method, path, _ := strings.Cut(do, " ")
				r, err := http.NewRequestWithContext(t.Context(), method, all.URL+path, http.NoBody)
				if err != nil {
					return 0, err
				}
				r.Header.Set("Authorization", f.placeholders.Replace("Bearer {token:eve.1}"))
				if method == http.MethodPost {
					r.Header.Del("Authorization")
				}
				response, err := client.Do(r)
				if err != nil {
					return 0, err
				}
				defer response.Body.Close()
				_, err = io.Copy(io.Discard, response.Body)
				return response.StatusCode, err
			})
			checkCounted(t, s, c, func() { maintain(t, f) })
		})
	}
}

// maintain calls the schedule of maintenance, which counts what nginx or the gateway has refused.
func maintain(t *testing.T, f *fixture) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(f.dir, "run", "maintenance.sock"))
		},
	}}
	response, err := client.Post("http://maintenance/schedule/maintenance", "", nil)
	must(t, err)
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("maintenance: %d %s %v", response.StatusCode, body, err)
	}
}

// On Lambda every request is counted when its response arrives, and none is missing.
func TestEachRequestIsCountedOnLambda(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, users(b.template))
	send := startOnLambda(lambdatest.FunctionURL)(t, b, f)
	s, err := store.Open(f.url, "counted", 2)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	c := sendCounted(t, countedRequests(t)/3, func(*tally) error { return nil }, func(do string) (int, error) {
		method, target, _ := strings.Cut(do, " ")
		r, err := send(t.Context(), areaOf(b.template, target), request{Method: method, Target: target})
		return r.Status, err
	})
	checkCounted(t, s, c, func() {})
}
