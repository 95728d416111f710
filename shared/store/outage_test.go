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

func TestOutageOf(t *testing.T) {
	t.Parallel()
	failure := func(code string) error { return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "x"} }
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	reset := os.NewSyscallError("read", syscall.ECONNRESET)
	late := fmt.Errorf("%w, %w", &pgconn.ConnectError{}, context.DeadlineExceeded)
	for name, test := range map[string]struct {
		err  error
		want store.Outage
	}{
		"no error":                    {nil, store.NoOutage},
		"a bug":                       {errors.New("bug"), store.NoOutage},
		"no rows":                     {sql.ErrNoRows, store.NoOutage},
		"an application error":        {apperror.New(apperror.NotFound, "none"), store.NoOutage},
		"a finished transaction":      {sql.ErrTxDone, store.NoOutage},
		"a deadline":                  {context.DeadlineExceeded, store.NoOutage},
		"a cancelled context":         {context.Canceled, store.NoOutage},
		"a closed sql.Conn":           {sql.ErrConnDone, store.Lost},
		"a bad connection":            {driver.ErrBadConn, store.Unreachable},
		"a closed pool":               {errors.New("sql: database is closed"), store.Unreachable},
		"a closed connection":         {pgconn.ErrConnClosed, store.Unreachable},
		"a broken connection":         {io.ErrUnexpectedEOF, store.Lost},
		"a refused connection":        {&net.OpError{Op: "dial", Err: refused}, store.Lost},
		"a reset connection":          {&net.OpError{Op: "read", Err: reset}, store.Lost},
		"an unknown host":             {&net.DNSError{Err: "no such host", Name: "db"}, store.Lost},
		"a cancelled connection":      {fmt.Errorf("%w, %w", &pgconn.ConnectError{}, context.Canceled), store.NoOutage},
		"a late connection":           {late, store.Unreachable},
		"a network timeout":           {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, store.Lost},
		"a failed connection":         {&pgconn.ConnectError{}, store.Unreachable},
		"08006 connection failure":    {failure("08006"), store.Lost},
		"08P01 protocol violation":    {failure("08P01"), store.Lost},
		"53100 disk full":             {failure("53100"), store.NoWrites},
		"53200 out of memory":         {failure("53200"), store.NoWrites},
		"53300 too many connections":  {failure("53300"), store.NoWrites},
		"57P01 admin shutdown":        {failure("57P01"), store.Lost},
		"57P02 crash shutdown":        {failure("57P02"), store.Lost},
		"57P03 cannot connect now":    {failure("57P03"), store.Unreachable},
		"57P05 idle session timeout":  {failure("57P05"), store.Lost},
		"58030 I/O error":             {failure("58030"), store.NoWrites},
		"25006 read-only transaction": {failure("25006"), store.NoWrites},
		"57014 query canceled":        {failure("57014"), store.NoOutage},
		"23505 unique violation":      {failure("23505"), store.NoOutage},
		"23514 check violation":       {failure("23514"), store.NoOutage},
		"22021 not in repertoire":     {failure("22021"), store.NoOutage},
		"40P01 deadlock":              {failure("40P01"), store.NoOutage},
		"42P01 undefined table":       {failure("42P01"), store.NoOutage},
		"28P01 after connecting":      {failure("28P01"), store.NoOutage},
		"no code":                     {failure(""), store.NoOutage},
	} {
		if got := store.OutageOf(test.err); got != test.want || store.IsOutage(test.err) != (got != store.NoOutage) {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := store.OutageOf(fmt.Errorf("read: %w", test.err)); got != test.want {
			t.Errorf("%s, wrapped: got %d, want %d", name, got, test.want)
		}
	}
}

// The errors of pgx and database/sql in real outages.
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
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and sends nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	silentURL := fmt.Sprintf("postgres://u:geheim@%s/d?sslmode=disable", silent.Addr())
	for name, s := range map[string]*store.Store{
		"no listener":      open("postgres://u:geheim@127.0.0.1:1/d"),
		"no such socket":   open("postgres://u:geheim@/d?host=/nowhere"),
		"no reply":         open(silentURL),
		"no such database": open(strings.Replace(url, "/testdb", "/absent", 1)),
		"closed":           closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := s.Posts(ctx, 0, store.Page{Size: 20})
			if !store.IsOutage(err) || strings.Contains(err.Error(), "geheim") || ctx.Err() != nil {
				t.Errorf("got the %T %v, %v, want an outage without the password, soon", err, err, ctx.Err())
			}
		})
	}
}

// A killed connection makes at most one call fail, with an outage. The next call succeeds.
func TestKilledBackend(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	s, err := store.Open(f.url, "killed", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const killBackends = `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'minifb killed' AND datname = current_database()) killed`
	for range 5 {
		if _, err := s.Posts(t.Context(), 0, store.Page{Size: 20}); err != nil && !store.IsOutage(err) {
			t.Fatalf("%T: %v", err, err)
		}
		f.int(killBackends)
	}
	for range 3 { // the pool may hold two dead connections
		if _, err = s.Posts(t.Context(), 0, store.Page{Size: 20}); err != nil && !store.IsOutage(err) {
			t.Fatalf("%T: %v", err, err)
		}
	}
	if err != nil {
		t.Errorf("the pool has not recovered: %v", err)
	}

	// A connection is killed during a query, which waits for a lock.
	if _, err := f.begin().Exec("LOCK TABLE posts"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := s.Posts(context.WithoutCancel(t.Context()), 0, store.Page{Size: 20})
		failed <- err
	}()
	f.waitForLocks(1)
	f.int(killBackends)
	if err := <-failed; !store.IsOutage(err) {
		t.Errorf("got the %T %v, want an outage", err, err)
	}
}

// A query whose context ends fails with the context's error, which is not an outage.
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
	for name, newContext := range map[string]func() (context.Context, context.CancelFunc){
		"deadline": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 50*time.Millisecond)
		},
		"cancellation": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		if err := read(t.Context()); err != nil { // connects, so that later only the query waits
			t.Fatal(err)
		}
		lock, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lock.Exec("LOCK TABLE posts"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := newContext()
		for _, when := range []string{"during the query", "before the query"} {
			if err := read(ctx); !errors.Is(err, ctx.Err()) || ctx.Err() == nil || store.IsOutage(err) {
				t.Errorf("%s %s: got the %T %v, want %v", name, when, err, err, ctx.Err())
			}
		}
		cancel()
		if err := lock.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}
