package parity

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/lambdatest"
	"minifb/shared/testkit/testdb"
)

// writePost writes a post through an instance, and checks that the database has one post more and
// the instance's log a line for the request.
func writePost(t *testing.T, f *fixture, i *lambdatest.Instance, when string) {
	t.Helper()
	before := f.postCount(t)
	in, err := http.NewRequestWithContext(t.Context(), "POST", "/post", strings.NewReader(`{"content":"x"}`))
	must(t, err)
	in.RequestURI, in.RemoteAddr = "/post", "192.0.2.1:1"
	in.Header.Set("Content-Type", "application/json")
	in.Header.Set("Authorization", f.placeholders.Replace("Bearer {token:ann.1}"))
	in.Header.Set("X-Request-Id", "lambda-"+strings.ReplaceAll(when, " ", "-"))
	out, err := lambdatest.HTTPAPI.Do(i.Invoke, in)
	must(t, err)
	log, err := i.Log() // at once, as Lambda freezes the process when it has responded
	must(t, err)
	r, err := readResponse(out)
	must(t, err)
	if r.Status != http.StatusCreated || f.postCount(t) != before+1 {
		t.Errorf("%s: %d %s, and %d posts more; log:\n%s", when, r.Status, r.Body, f.postCount(t)-before, log)
	}
	if !strings.Contains(log, `"request_id":"`+in.Header.Get("X-Request-Id")+`"`) {
		t.Errorf("%s: the log had no line for the request when the response came", when)
	}
}

// connectionsOfPost returns how many connections the function has to the database.
func connectionsOfPost(t *testing.T, f *fixture) (n int) {
	t.Helper()
	must(t, f.db.QueryRow(`SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'minifb post'`).Scan(&n))
	return n
}

func terminateConnections(t *testing.T, f *fixture) {
	t.Helper()
	address, err := testdb.WithRole(f.url, "minifb_post") // a role may end its own connections
	must(t, err)
	_, err = testdb.Open(t, address).Exec(`SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'minifb post'`)
	must(t, err)
}

// The first request after a process was frozen succeeds, and its write happens once, whether the
// connections to the database still work, were closed or are dead.
func TestFrozenProcessRecovers(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{"ann.1"})
	i, err := lambdatest.Start(b.path("post"), b.environment(t, "post", f)...)
	must(t, err)
	t.Cleanup(i.Kill)

	writePost(t, f, i, "cold")
	for _, c := range []struct {
		name   string
		frozen time.Duration
		during func()
	}{
		{"nothing happened", 0, func() {}},
		{"the server has just closed the connections", 0, func() { terminateConnections(t, f) }},
		{"the server closed the connections before", 1200 * time.Millisecond, func() { terminateConnections(t, f) }},
		{"the connections are dead", 1200 * time.Millisecond, f.proxy.Stall},
	} {
		must(t, i.Freeze())
		c.during()
		time.Sleep(c.frozen)
		must(t, i.Thaw())
		writePost(t, f, i, c.name)
	}
	if n := connectionsOfPost(t, f); n < 1 || n > 4 { // 2 dead ones are still open in the proxy
		t.Errorf("%d connections are open; a process that serves one request at a time has a pool of 2", n)
	}
}

// A payload that is not a request is a function error that says so, and the process serves on.
// SIGTERM makes it close its connections.
func TestLambdaProcessEnds(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{"ann.1"})
	i, err := lambdatest.Start(b.path("post"), b.environment(t, "post", f)...)
	must(t, err)
	t.Cleanup(i.Kill)

	_, err = i.Invoke(t.Context(), []byte(`{"source":"aws.events"}`))
	const want = "not the event of an API Gateway, a function URL or a load balancer"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a scheduler's event: %v", err)
	}
	writePost(t, f, i, "after an event that is not a request")
	start := time.Now()
	if err := i.Shutdown(); err != nil {
		log, _ := i.Log()
		t.Errorf("shut down: %v\n%s", err, log)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the process took %v to end", took)
	}
	// PostgreSQL needs a moment to notice.
	for deadline := time.Now().Add(5 * time.Second); connectionsOfPost(t, f) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are still open", connectionsOfPost(t, f))
		}
	}
}

// The function returns its own 504 before Lambda's limit, and a panic fails one request, not the
// process.
func TestLambdaProcessSurvivesFailures(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{"ann.1"})
	environment := append(b.environment(t, "probe", f), "REQUEST_TIMEOUT=1m")
	i, err := lambdatest.Start(b.path("probe"), environment...)
	must(t, err)
	t.Cleanup(i.Kill)
	i.Timeout = 1500 * time.Millisecond
	for _, c := range []struct {
		path string
		want int
	}{{"/probe/slow", 504}, {"/probe/panic", 500}, {"/probe/slow", 504}, {"/probe/echo/x", 200}} {
		in, err := http.NewRequestWithContext(t.Context(), "GET", c.path, nil)
		must(t, err)
		in.RequestURI, in.RemoteAddr = c.path, "192.0.2.1:1"
		out, err := lambdatest.RESTAPI.Do(i.Invoke, in)
		must(t, err)
		r, err := readResponse(out)
		must(t, err)
		if r.Status != c.want {
			t.Errorf("%s: %d %s, want %d", c.path, r.Status, r.Body, c.want)
		}
	}
	log, err := i.Log()
	if err != nil || strings.Contains(log, `"serving"`) || !strings.Contains(log, `panic: a panic of the probe`) {
		t.Errorf("the process was restarted, or its log lacks the panic: %v\n%s", err, log)
	}
}
