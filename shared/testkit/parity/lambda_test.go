package parity

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/lambdatest"
)

// post writes one post through an instance and answers the status; each must leave one row more.
func post(t *testing.T, w *world, i *lambdatest.Instance, when string) {
	t.Helper()
	before := posts(t, w)
	in, err := http.NewRequestWithContext(t.Context(), "POST", "/post", strings.NewReader(`{"content":"x"}`))
	must(t, err)
	in.RequestURI, in.RemoteAddr = "/post", "192.0.2.1:1"
	in.Header.Set("Content-Type", "application/json")
	in.Header.Set("Authorization", w.words.Replace("Bearer {token:ann.1}"))
	in.Header.Set("X-Request-Id", "lambda-"+strings.ReplaceAll(when, " ", "-"))
	out, err := lambdatest.HTTPAPI.Do(i.Invoke, in)
	must(t, err)
	log, err := i.Log() // at once: Lambda freezes the process as soon as it has answered
	must(t, err)
	if r := replyOf(t, out); r.Status != http.StatusCreated || posts(t, w) != before+1 {
		t.Errorf("%s: %d %s, and %d posts more; log:\n%s", when, r.Status, r.Body, posts(t, w)-before, log)
	}
	if !strings.Contains(log, `"request_id":"`+in.Header.Get("X-Request-Id")+`"`) {
		t.Errorf("%s: the answer came before its line in the log", when)
	}
}

func posts(t *testing.T, w *world) (n int) {
	t.Helper()
	must(t, w.db.QueryRow(`SELECT count(*) FROM posts`).Scan(&n))
	return n
}

func connections(t *testing.T, w *world) (n int) {
	t.Helper()
	must(t, w.db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'minifb post'`).Scan(&n))
	return n
}

// Whatever becomes of its connections while a process is frozen, the next request is answered, and a write is done once.
func TestAFrozenProcessComesBack(t *testing.T) {
	t.Parallel()
	b := compiled(t)
	w := newWorld(t, b.keys, []string{"ann.1"})
	i, err := lambdatest.Start(filepath.Join(b.binaries, "post"), b.environment("post", w)...)
	must(t, err)
	t.Cleanup(i.Kill)

	post(t, w, i, "cold")
	for _, c := range []struct {
		name   string
		asleep time.Duration
		during func()
	}{
		{"nothing happened", 0, func() {}},
		{"the server ended the connections a moment ago", 0, func() { terminate(t, w) }},
		{"the server ended the connections long ago", 1200 * time.Millisecond, func() { terminate(t, w) }},
		{"what lies between forgot the connections", 1200 * time.Millisecond, w.line.forget},
	} {
		must(t, i.Freeze())
		c.during()
		time.Sleep(c.asleep)
		must(t, i.Thaw())
		post(t, w, i, c.name)
	}
	if n := connections(t, w); n < 1 || n > 4 { // 2, and as many that were forgotten
		t.Errorf("%d connections are open; a process that serves one request at a time has a pool of 2", n)
	}
}

func terminate(t *testing.T, w *world) {
	t.Helper()
	_, err := w.db.Exec(`SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'minifb post'`)
	must(t, err)
}

// A payload that is no request is a function error that says so, and the process goes on. Told to end, it closes its connections.
func TestALambdaProcessLivesAndEnds(t *testing.T) {
	t.Parallel()
	b := compiled(t)
	w := newWorld(t, b.keys, []string{"ann.1"})
	i, err := lambdatest.Start(filepath.Join(b.binaries, "post"), b.environment("post", w)...)
	must(t, err)
	t.Cleanup(i.Kill)

	_, err = i.Invoke(t.Context(), []byte(`{"source":"aws.events"}`))
	if err == nil || !strings.Contains(err.Error(), "it is no event of an API Gateway, a Function URL or a load balancer") {
		t.Errorf("a scheduler's event: %v", err)
	}
	post(t, w, i, "after an event that was none")
	start := time.Now()
	if err := i.Shutdown(); err != nil {
		log, _ := i.Log()
		t.Errorf("told to end: %v\n%s", err, log)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v to end", took)
	}
	if n := connections(t, w); n != 0 {
		t.Errorf("left %d connections behind", n)
	}
}

// The function's own 504 is out before Lambda's limit, and a panic costs one request and not the process.
func TestALambdaProcessOutlastsItsFailures(t *testing.T) {
	t.Parallel()
	b := compiled(t)
	w := newWorld(t, b.keys, []string{"ann.1"})
	environment := append(b.environment("trial", w), "REQUEST_TIMEOUT=1m")
	i, err := lambdatest.Start(filepath.Join(b.binaries, "trial"), environment...)
	must(t, err)
	t.Cleanup(i.Kill)
	i.Timeout = 1500 * time.Millisecond
	for _, c := range []struct {
		path string
		want int
	}{{"/trial/slow", 504}, {"/trial/panic", 500}, {"/trial/slow", 504}, {"/trial/echo/x", 200}} {
		in, err := http.NewRequestWithContext(t.Context(), "GET", c.path, nil)
		must(t, err)
		in.RequestURI, in.RemoteAddr = c.path, "192.0.2.1:1"
		out, err := lambdatest.RESTAPI.Do(i.Invoke, in)
		must(t, err)
		if r := replyOf(t, out); r.Status != c.want {
			t.Errorf("%s: %d %s, want %d", c.path, r.Status, r.Body, c.want)
		}
	}
	if log, err := i.Log(); err != nil || strings.Count(log, `"serving"`) > 0 || strings.Count(log, `panic: no way`) == 0 {
		t.Errorf("the log does not tell of the panic: %v\n%s", err, log)
	}
}
