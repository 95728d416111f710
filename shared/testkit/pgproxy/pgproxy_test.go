package pgproxy_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/testdb"
)

func TestProxy(t *testing.T) {
	t.Parallel()
	var delay atomic.Int64
	p, err := pgproxy.New(testdb.URL(t), func(fromServer bool, text []byte) bool {
		if !fromServer {
			time.Sleep(time.Duration(delay.Load()))
		}
		return !fromServer || !bytes.Contains(text, []byte("cut here"))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	connect := func() *pgx.Conn {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), p.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	query := func(conn *pgx.Conn, text string) error {
		var got string
		err := conn.QueryRow(t.Context(), "SELECT 'a ' || $1", text).Scan(&got)
		if err == nil && got != "a "+text {
			t.Errorf("got %q, want %q", got, "a "+text)
		}
		return err
	}
	conn := connect()
	for _, d := range []time.Duration{0, 50 * time.Millisecond} {
		delay.Store(int64(d))
		start := time.Now()
		if err := query(conn, strings.Repeat("long ", 100_000)); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < d {
			t.Errorf("a query took %s, want at least %s", took, d)
		}
	}
	delay.Store(0)
	if err := query(conn, "cut here"); err == nil {
		t.Error("a connection that the filter ends still works")
	}

	dead := connect()
	p.Stall()
	if err := query(connect(), "after Stall"); err != nil {
		t.Errorf("a new connection after Stall: %v", err)
	}
	stalled := make(chan error, 1)
	go func() { stalled <- query(dead, "nobody hears it") }()
	select {
	case err := <-stalled:
		t.Errorf("an old connection after Stall: %v, want neither a response nor an error", err)
	case <-time.After(100 * time.Millisecond):
	}
	p.Close()
	if err := <-stalled; err == nil {
		t.Error("a connection outlives Close")
	}
	if _, err := pgx.Connect(t.Context(), p.URL); err == nil {
		t.Error("the proxy accepts a connection after Close")
	}
}

// Each function connects as its own role.
func TestFunctionsURL(t *testing.T) {
	t.Parallel()
	p, err := pgproxy.New(testdb.URL(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	conn, err := pgx.Connect(t.Context(), strings.ReplaceAll(p.FunctionsURL, "{function}", "post"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var role string
	if err := conn.QueryRow(t.Context(), "SELECT current_user").Scan(&role); err != nil || role != "minifb_post" {
		t.Errorf("connected as %q, %v", role, err)
	}
}
