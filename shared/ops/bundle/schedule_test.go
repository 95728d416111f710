package bundle

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/testkit/programs"
)

// A bundle calls its schedules until it is stopped, reports what they could not do once, and stops
// within seconds.
func TestABundleCallsItsSchedules(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var messages []string
	o := Options{Source: "../../..", Dir: tempDir(t), Areas: []string{"maintenance"}}
	o.Logf = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		messages = append(messages, fmt.Sprintf(format, args...))
	}
	b := New(o)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", b.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO rate_limits VALUES ('old', now() - interval '11 minutes')`)
	programs.Until(t, "an unused limit is pruned", func() bool {
		var left int
		return db.QueryRow(`SELECT count(*) FROM rate_limits`).Scan(&left) == nil && left == 0
	})
	exec(`ALTER TABLE idempotency_keys RENAME TO lost`)
	programs.Until(t, "the failure is reported", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(strings.Join(messages, "\n"), "pruned_idempotency_keys")
	})
	begun := time.Now()
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the stop took %s", took)
	}
}
