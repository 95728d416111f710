package function_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/testdb"
)

// While the database is away, /readyz is 503, at once or after two seconds, and /healthz is 200: a
// restart would not help. When it is back, so is /readyz.
func TestReadinessDuringOutages(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	var frozen atomic.Pointer[chan struct{}]
	proxy, err := pgproxy.New(testdb.URL(t), func(bool, []byte) bool {
		if c := frozen.Load(); c != nil {
			<-*c
		}
		return !down.Load()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	db, err := store.Open(proxy.URL, "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := areatest.New(t, func(*api.API, function.Deps) {})
	s.Deps.Store = db
	s.URL = areatest.Serve(t, func(*api.API, function.Deps) {}, s.Deps)
	check := func(state string, want int, hint string) {
		t.Helper()
		start := time.Now()
		r := areatest.Do(t, s.URL, areatest.Step{Do: "GET /readyz"})
		areatest.CheckResponse(t, r)
		if r.Status != want || !strings.Contains(string(r.Body), hint) {
			t.Errorf("%s: /readyz is %d %s, want %d with %q", state, r.Status, r.Body, want, hint)
		}
		if took := time.Since(start); took > 10*time.Second { // the request itself may take 30 s
			t.Errorf("%s: /readyz took %v", state, took)
		}
		r = areatest.Do(t, s.URL, areatest.Step{Do: "GET /healthz"})
		if r.Status != http.StatusOK || string(r.Body) != "{}" {
			t.Errorf("%s: /healthz is %d %s", state, r.Status, r.Body)
		}
	}
	check("with a database", 200, "{}")
	down.Store(true)
	check("without a database", 503, "database")
	down.Store(false)
	check("with a database again", 200, "{}")
	thaw := make(chan struct{})
	frozen.Store(&thaw)
	check("with a frozen database", 503, "database")
	frozen.Store(nil)
	close(thaw)
	check("with a database that was frozen", 200, "{}")
	lock, err := testdb.Open(t, proxy.URL).Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(`LOCK TABLE bun_migrations`); err != nil {
		t.Fatal(err)
	}
	check("with a query that waits", 503, "")
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := testdb.Execute(proxy.URL, "UPDATE bun_migrations SET name = '0000'"); err != nil {
		t.Fatal(err)
	}
	check("with an older schema", 503, "migrate first")
}
