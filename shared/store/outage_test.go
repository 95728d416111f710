package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"minifb/shared/apperror"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

func TestIsOutage(t *testing.T) {
	t.Parallel()
	answer := func(code string) error { return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "x"} }
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"none":                        {nil, false},
		"a bug":                       {errors.New("bug"), false},
		"no rows":                     {sql.ErrNoRows, false},
		"a fault":                     {apperror.New(apperror.NotFound, "none"), false},
		"a transaction that is done":  {sql.ErrTxDone, false},
		"a deadline":                  {context.DeadlineExceeded, false},
		"the caller is gone":          {context.Canceled, false},
		"a connection that is done":   {sql.ErrConnDone, true},
		"a bad connection":            {driver.ErrBadConn, true},
		"a closed pool":               {errors.New("sql: database is closed"), true},
		"a closed connection":         {pgconn.ErrConnClosed, true},
		"a broken connection":         {io.ErrUnexpectedEOF, true},
		"a refused connection":        {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		"a reset connection":          {&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true},
		"an unknown host":             {&net.DNSError{Err: "no such host", Name: "db"}, true},
		"a connection given up":       {fmt.Errorf("%w, %w", &pgconn.ConnectError{}, context.Canceled), false},
		"a connection too late":       {fmt.Errorf("%w, %w", &pgconn.ConnectError{}, context.DeadlineExceeded), true},
		"a network's timeout":         {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, true},
		"a connection not made":       {&pgconn.ConnectError{}, true},
		"08006 connection failure":    {answer("08006"), true},
		"08P01 protocol violation":    {answer("08P01"), true},
		"53100 disk full":             {answer("53100"), true},
		"53200 out of memory":         {answer("53200"), true},
		"53300 too many connections":  {answer("53300"), true},
		"57P01 admin shutdown":        {answer("57P01"), true},
		"57P02 crash shutdown":        {answer("57P02"), true},
		"57P03 cannot connect now":    {answer("57P03"), true},
		"57P05 idle session timeout":  {answer("57P05"), true},
		"58030 I/O error":             {answer("58030"), true},
		"25006 read-only transaction": {answer("25006"), true},
		"57014 query canceled":        {answer("57014"), false},
		"23505 unique violation":      {answer("23505"), false},
		"23514 check violation":       {answer("23514"), false},
		"22021 not in repertoire":     {answer("22021"), false},
		"40P01 deadlock":              {answer("40P01"), false},
		"42P01 undefined table":       {answer("42P01"), false},
		"28P01 once connected":        {answer("28P01"), false},
		"a code that is none":         {answer(""), false},
	} {
		if got := store.IsOutage(test.err); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
		if test.err != nil && store.IsOutage(fmt.Errorf("read: %w", test.err)) != test.want {
			t.Errorf("%s, wrapped: not %t", name, test.want)
		}
	}
}

// Real outages, as pgx and database/sql tell them.
func TestOutages(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	open := func(url string) *store.Store {
		s, err := store.Open(url, "outage", 2)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	closed := open(url)
	_ = closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	mute := fmt.Sprintf("postgres://u:geheim@%s/d?sslmode=disable&connect_timeout=1", silent.Addr())
	for name, s := range map[string]*store.Store{
		"nobody listens":   open("postgres://u:geheim@127.0.0.1:1/d"),
		"no such socket":   open("postgres://u:geheim@/d?host=/nowhere"),
		"nobody answers":   open(mute),
		"no such database": open(strings.Replace(url, "/testdb", "/absent", 1)),
		"closed":           closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Posts(t.Context(), 0, store.Page{Size: 20})
			if !store.IsOutage(err) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%T: %v", err, err)
			}
		})
	}
}

// A killed connection is at most one call's failure, and that one is an outage; the next call gets through.
func TestKilledBackend(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	s, err := store.Open(url, "killed", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := testdb.Open(t, url)
	const backends = `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'minifb killed' AND datname = current_database()) gone`
	for range 5 {
		if _, err := s.Posts(t.Context(), 0, store.Page{Size: 20}); err != nil && !store.IsOutage(err) {
			t.Fatalf("%T: %v", err, err)
		}
		var killed int
		if err := db.QueryRow(backends).Scan(&killed); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // as many as the pool may hold dead, and one
		if _, err = s.Posts(t.Context(), 0, store.Page{Size: 20}); err != nil && !store.IsOutage(err) {
			t.Fatalf("%T: %v", err, err)
		}
	}
	if err != nil {
		t.Errorf("the pool does not recover: %v", err)
	}

	// In the middle of a query: one that waits for a lock.
	lock, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.Exec("LOCK TABLE posts"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := s.Posts(context.WithoutCancel(t.Context()), 0, store.Page{Size: 20})
		failed <- err
	}()
	for waiting := 0; waiting == 0; time.Sleep(5 * time.Millisecond) {
		if err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'minifb killed'
			AND datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(backends); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !store.IsOutage(err) {
		t.Errorf("%T: %v", err, err)
	}
}

// A query that runs into its context's end is no outage, and the context's own error is in its chain.
func TestDeadline(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	s, err := store.Open(url, "deadline", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := func(ctx context.Context) error {
		_, err := s.Posts(ctx, 0, store.Page{Size: 20})
		return err
	}
	db := testdb.Open(t, url)
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"late": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 50*time.Millisecond)
		},
		"left": func() (context.Context, context.CancelFunc) {
			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, leave)
			return ctx, leave
		},
	} {
		if err := read(t.Context()); err != nil { // so that it is the query that takes long
			t.Fatal(err)
		}
		lock, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.Exec("LOCK TABLE posts"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := end()
		for _, when := range []string{"meanwhile", "before"} {
			if err := read(ctx); !errors.Is(err, ctx.Err()) || ctx.Err() == nil || store.IsOutage(err) {
				t.Errorf("%s, %s: %T: %v", name, when, err, err)
			}
		}
		cancel()
		if err := lock.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}
