package areatest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// role returns the database role of the area whose tests this process runs, and "" for the owner in
// the tests of a shared package. The working directory of a test is that of its package.
var role = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil || filepath.Base(filepath.Dir(dir)) != "functions" {
		return ""
	}
	return "minifb_" + filepath.Base(dir)
})

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
