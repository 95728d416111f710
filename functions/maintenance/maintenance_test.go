package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/stat"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
)

func TestMain(m *testing.M) { areatest.Main(m, routes) }

func TestRoutes(t *testing.T) { areatest.CheckRoutes(t, "maintenance", routes) }

// A fixture is a database, and what the function needs.
type fixture struct {
	*areatest.Server
	timeout time.Duration // of one call
	log     bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return &fixture{Server: areatest.New(t, routes), timeout: time.Minute}
}

// A call is the response to a call of the schedule.
type call struct {
	status int
	done   map[string]int64
	body   string
}

// call calls the schedule as a timer of the machine does, from no address.
func (f *fixture) call(t *testing.T) call {
	t.Helper()
	handler := function.NewHandler("maintenance", routes, f.Deps, function.Settings{
		Origins: api.AllOrigins,
		Timeout: f.timeout, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, api.SchedulePath("maintenance"), nil)
	r.RemoteAddr = "@"
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var result api.ScheduleResult
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &result); err != nil {
			t.Fatal(err)
		}
	}
	return call{w.Code, result.Done, w.Body.String()}
}

// mustCall fails the test unless the call succeeds.
func (f *fixture) mustCall(t *testing.T) map[string]int64 {
	t.Helper()
	c := f.call(t)
	if c.status != http.StatusOK {
		t.Fatalf("status %d: %s", c.status, c.body)
	}
	return c.done
}

// deleteAccount deletes an account as POST /user/deletion does.
func (f *fixture) deleteAccount(t *testing.T, c *areatest.Caller) {
	t.Helper()
	credential, err := f.Store.CredentialByID(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Store.DeleteAccount(t.Context(), credential); err != nil {
		t.Fatal(err)
	}
}

// expired has a row of each kind that is pruned, and one beside it that is not.
const expired = `
	INSERT INTO sessions (user_uid, expires_at) VALUES ($1, now() - interval '1 second');
	INSERT INTO refresh_tokens (hash, session_id, used_at)
		SELECT decode(repeat(x.hash, 32), 'hex'), s.id, now() - x.age
		FROM sessions s, (VALUES ('01', interval '61 minutes'), ('02', interval '59 minutes')) x (hash, age)
		WHERE s.user_uid = $1 AND s.expires_at > now();
	INSERT INTO ended_sessions (id, ended_at) VALUES
		(gen_random_uuid(), now() - interval '61 minutes'), (gen_random_uuid(), now() - interval '59 minutes');
	INSERT INTO temporary_passwords SELECT uid, decode(repeat('00', 32), 'hex'),
		now() + CASE WHEN uid = $1 THEN interval '-1 second' ELSE interval '1 minute' END FROM users;
	INSERT INTO temporary_password_requests (user_id, due_at, created_at) VALUES
		('ann.1', 'infinity', now() - interval '169 hours'), ('eve.1', 'infinity', now() - interval '167 hours');
	INSERT INTO idempotency_keys (user_uid, method, path, key, body_hash, created_at)
		SELECT $1, 'POST', '/post', x.key, decode(repeat('00', 32), 'hex'), now() - x.age
		FROM (VALUES ('old', interval '25 hours'), ('new', interval '23 hours')) x (key, age);
	INSERT INTO request_writers (writer, position, seen_at) VALUES
		('old', 1, now() - interval '73 hours'), ('new', 1, now() - interval '71 hours');
	INSERT INTO request_counts SELECT 300, now() - x.age, 'GET', '/post', 200, 1
		FROM (VALUES (interval '49 hours'), (interval '47 hours')) x (age);
	INSERT INTO request_times SELECT 10, now() - interval '47 hours', 0, '{1}';
	INSERT INTO rate_limits VALUES ('old', now() - interval '11 minutes'), ('new', now())`

func TestWhatHasExpiredIsPruned(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.User("ann.1")
	f.User("eve.1")
	for statement := range strings.SplitSeq(strings.ReplaceAll(expired, "$1", fmt.Sprint(ann.UID)), ";") {
		f.Exec(statement)
	}
	f.Exec(`DELETE FROM refresh_tokens WHERE used_at IS NULL`)
	done := f.mustCall(t)
	for _, kind := range []struct{ what, table string }{
		{"pruned_sessions", "sessions"}, {"pruned_refresh_tokens", "refresh_tokens"},
		{"pruned_revoked_sessions", "ended_sessions"}, {"pruned_temporary_passwords", "temporary_passwords"},
		{"pruned_temporary_password_requests", "temporary_password_requests"},
		{"pruned_idempotency_keys", "idempotency_keys"}, {"pruned_rate_limits", "rate_limits"},
		{"pruned_requests", "request_counts"}, {"pruned_request_writers", "request_writers"},
	} {
		if done[kind.what] != 1 {
			t.Errorf("%s: %d, want 1", kind.what, done[kind.what])
		}
		if f.Int(`SELECT count(*) FROM `+kind.table) == 0 {
			t.Errorf("all rows of %s were deleted", kind.table)
		}
	}
	if again := f.mustCall(t); again["pruned_idempotency_keys"] != 0 || again["pruned_sessions"] != 0 {
		t.Errorf("a second call pruned again: %v", again)
	}
	if !strings.Contains(f.log.String(), "done=") || strings.Count(f.log.String(), "\n") != 2 {
		t.Errorf("want one log line for each call, with what it did: %s", f.log.String())
	}
}

// Counted requests and changed totals are moved, and those that nginx has refused are counted.
func TestStatisticsAreFolded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Post(f.User("ann.1"), "mine")
	read := store.Endpoint{Method: "GET", Path: "/post", Status: 200}
	b := store.RequestBatch{
		At: time.Now().Truncate(store.RequestStep), Counts: map[store.Endpoint]int64{read: 2}, Times: []int64{0, 2},
	}
	if _, err := f.Store.AddRequests(t.Context(), "test", 0, 1, b); err != nil {
		t.Fatal(err)
	}
	f.Deps.Refused = filepath.Join(t.TempDir(), "refused.log")
	refused := stat.RefusedLine(time.Now(), "nginx", store.Endpoint{Method: "*", Path: "other", Status: 404}, 0)
	if err := os.WriteFile(f.Deps.Refused, []byte(refused), 0o600); err != nil {
		t.Fatal(err)
	}
	done := f.mustCall(t)
	if done["counted_refusals"] != 1 || done["folded_requests"] != 2 || done["folded_totals"] != 2 {
		t.Errorf("done: %v", done)
	}
	if n := f.Int(`SELECT sum(n) FROM request_counts WHERE step = 3600`); n != 3 {
		t.Errorf("%d requests are summed, want 3", n)
	}
	if err := os.WriteFile(f.Deps.Refused, []byte("not a log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := f.call(t); c.status != http.StatusInternalServerError || !strings.Contains(c.body, "counted_refusals: ") {
		t.Errorf("a file that is not a log: status %d, %s", c.status, c.body)
	}
}

func TestDeletedAccountsAreSwept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann, eve := f.User("ann.1"), f.User("eve.1")
	f.Post(ann, "mine")
	f.Post(eve, "hers")
	f.Exec(`INSERT INTO idempotency_keys (user_uid, method, path, key, body_hash)
		SELECT $1, 'POST', '/post', n, decode(repeat('00', 32), 'hex') FROM generate_series(1, 500) n`, ann.UID)
	f.deleteAccount(t, ann)
	if done := f.mustCall(t); done["swept_accounts"] != 1 {
		t.Errorf("swept %d accounts, want 1", done["swept_accounts"])
	}
	if n := f.Int(`SELECT count(*) FROM users`); n != 1 {
		t.Errorf("%d accounts are left, want 1", n)
	}
	if n := f.Int(`SELECT count(*) FROM posts`); n != 1 {
		t.Errorf("%d posts are left, want 1", n)
	}
}

// An account with rows of every kind, and with more of each than one transaction deletes.
func TestEveryRowOfADeletedAccountIsSwept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann, eve := f.User("ann.1"), f.User("eve.1")
	mine, hers := f.Post(ann, "mine"), f.Post(eve, "hers")
	liked, hersLiked := f.Comment(eve, mine, "on mine"), f.Comment(ann, hers, "on hers")
	f.React(ann, hers, 1)
	f.React(ann, f.Comment(eve, hers, "on her own"), 2)
	const users = 201
	f.Exec(`INSERT INTO users (id, password_hash, name)
		SELECT 'user.' || n, 'no password at all', 'user' FROM generate_series(1, $1) n`, users)
	for n := range users {
		user := &areatest.Caller{UID: int64(f.Int(`SELECT uid FROM users WHERE id = $1`, fmt.Sprintf("user.%d", n+1)))}
		for _, path := range []string{mine, liked, hersLiked} {
			f.React(user, path, 1+n%5)
		}
	}
	f.deleteAccount(t, ann)
	if done := f.mustCall(t); done["swept_accounts"] != 1 {
		t.Errorf("swept %d accounts, want 1", done["swept_accounts"])
	}
	if posts, comments := f.Int(`SELECT count(*) FROM posts`), f.Int(`SELECT count(*) FROM comments`); posts != 1 ||
		comments != 1 {
		t.Errorf("%d posts and %d comments are left, want 1 and 1", posts, comments)
	}
	areatest.CheckInvariants(t, f.DB)
}

// A call that runs out of time succeeds, and the next one goes on.
func TestASweepIsContinuedByTheNextCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.User("ann.1")
	f.Post(ann, "mine")
	f.deleteAccount(t, ann)
	tx, err := f.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	f.timeout = responseTime + time.Second
	if done := f.mustCall(t); done["swept_accounts"] != 0 {
		t.Errorf("swept %d accounts, want none while their rows are locked", done["swept_accounts"])
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	f.timeout = time.Minute
	if done := f.mustCall(t); done["swept_accounts"] != 1 {
		t.Errorf("swept %d accounts, want 1", done["swept_accounts"])
	}
}

// When the process is told to stop, a call ends early and without an error.
func TestACallEndsWhenTheProcessStops(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.User("ann.1")
	f.Post(ann, "mine")
	f.deleteAccount(t, ann)
	stopping := make(chan struct{})
	close(stopping)
	f.Deps.Stopping = stopping
	tx, err := f.DB.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM posts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	f.mustCall(t)
	if took := time.Since(begun); took > f.timeout/2 {
		t.Errorf("the call took %s, and waited for the lock until its time was over", took)
	}
}

func TestAFailingStepDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.User("ann.1")
	f.deleteAccount(t, ann)
	f.Exec(`ALTER TABLE temporary_password_requests RENAME TO lost`)
	f.Exec(`ALTER TABLE idempotency_keys RENAME COLUMN created_at TO lost`)
	f.Exec(`INSERT INTO rate_limits VALUES ('old', now() - interval '11 minutes')`)
	c := f.call(t)
	if c.status != http.StatusInternalServerError {
		t.Errorf("status %d, want 500: %s", c.status, c.body)
	}
	steps := []string{"requests_settled: ", "pruned_temporary_password_requests: ", "pruned_idempotency_keys: "}
	for _, step := range steps {
		if !strings.Contains(c.body, step) {
			t.Errorf("the response does not name %s%s", step, c.body)
		}
	}
	if f.Int(`SELECT count(*) FROM users`) != 0 || f.Int(`SELECT count(*) FROM rate_limits`) != 0 {
		t.Error("a step that could work did not")
	}
	if !strings.Contains(f.log.String(), "level=ERROR") || !strings.Contains(f.log.String(), "swept_accounts:1") {
		t.Errorf("the log line does not have the error and what was done: %s", f.log.String())
	}
}

func TestSweepFailureIsReported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.deleteAccount(t, f.User("ann.1"))
	f.Exec(`ALTER TABLE notifications RENAME TO lost`)
	if c := f.call(t); c.status != http.StatusInternalServerError || !strings.Contains(c.body, "swept_accounts: ") {
		t.Errorf("status %d: %s", c.status, c.body)
	}
}

func TestCallWithoutADatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	unreachable, err := store.Open("postgres://minifb@127.0.0.1:1/minifb", "test", 1) // port 1 is closed
	if err != nil {
		t.Fatal(err)
	}
	f.Deps.Store = unreachable
	if c := f.call(t); c.status != http.StatusInternalServerError {
		t.Errorf("status %d, want 500: %s", c.status, c.body)
	}
}

// The schedule's path does not exist for anything that has a client's address.
func TestClientsCannotCallTheSchedule(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	response := areatest.Do(t, f.URL, areatest.Step{Do: "POST /schedule/maintenance"})
	if response.Status != http.StatusNotFound {
		t.Errorf("status %d, want 404: %s", response.Status, response.Body)
	}
}
