package areatest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"minifb/shared/store"
)

// CountStatements returns another store on the server's database, and a function that returns how
// many statements it has executed.
func (s *Server) CountStatements(t testing.TB) (counted *store.Store, executed func() int64) {
	t.Helper()
	var count statementCount
	counted, err := store.Open(s.databaseURL, "counted", 1, store.WithTracer(&count))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = counted.Close() })
	return counted, count.Load
}

// A statementCount counts the statements that it traces.
type statementCount struct{ atomic.Int64 }

// TraceQueryStart counts a statement.
func (c *statementCount) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData,
) context.Context {
	c.Add(1)
	return ctx
}

// TraceQueryEnd does nothing.
func (*statementCount) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// executed has the statements that views have executed in this process.
var executed statementLog

// A statementLog keeps one of each statement that it traces, with its arguments. It is safe for
// concurrent use.
type statementLog struct {
	mu         sync.Mutex
	statements map[string][]any
}

// TraceQueryStart adds a statement that reads or writes tables.
func (l *statementLog) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData,
) context.Context {
	verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(data.SQL)), " ")
	switch verb {
	case "SELECT", "WITH", "INSERT", "UPDATE", "DELETE":
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.statements == nil {
			l.statements = map[string][]any{}
		}
		l.statements[data.SQL] = data.Args
	}
	return ctx
}

// TraceQueryEnd does nothing.
func (*statementLog) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
