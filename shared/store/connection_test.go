package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/testdb"
)

// A firewall may forget a connection without a word to either side. One that was idle is checked before a statement is
// sent on it, and replaced if no reply comes.
func TestAForgottenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	proxy, err := pgproxy.New(testdb.URL(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	s, err := store.Open(proxy.URL, "forgotten", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := s.DeletedAccounts(ctx)
		return err
	}
	for range 2 { // a new connection, and the same again
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	proxy.Stall()
	time.Sleep(1100 * time.Millisecond) // the connection counted as alive for a second
	if err := read(); err != nil {
		t.Errorf("the connection was not replaced: %v", err)
	}
}

// Compiling a statement would cost more than it saves. PgBouncer refuses a connection with such a setting.
func TestStatementsAreNotCompiled(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{"": "off", "?default_query_exec_mode=exec": ""} {
		s, err := store.Open("postgres://h/minifb"+query, "settings", 2, func(c *pgx.ConnConfig) {
			for _, name := range []string{"jit", "enable_memoize"} {
				if got := c.RuntimeParams[name]; got != want {
					t.Errorf("%q: %s is %q, want %q", query, name, got, want)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
	}
}
