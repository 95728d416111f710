package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsOutage tells a database that is out of reach, starting, stopping, full or read-only from a query that failed.
// The caller may try again later; nothing of what it asked for is known to be done. A query that its own context
// ended is no outage; a connection that could not be made in time is one.
func IsOutage(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused {
		return true // also a wrong password or a missing database: whoever asked cannot mend it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false // though it looks like a network's timeout
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch answer.Code {
		case "25006", // a standby: read-only
			"58030": // an I/O error
			return true
		}
		switch answer.Code[:min(len(answer.Code), 2)] {
		case "08", // the connection's exceptions
			"53": // too many connections, disk full, out of memory
			return true
		}
		return strings.HasPrefix(answer.Code, "57P") // shutting down, crashed, starting, idle for too long
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) ||
		strings.HasSuffix(err.Error(), "sql: database is closed") // which database/sql keeps to itself
}
