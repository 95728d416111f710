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

// IsOutage reports whether err means that the database is unreachable, starting, stopping, full or
// read-only, rather than that a query failed. The caller may try again later; a write may or may
// not have been stored. A query that was cancelled by its own context is not an outage; a
// connection that could not be made in time is one.
func IsOutage(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused {
		return true // also for a wrong password or a missing database, which no client can correct
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false // although it is a net.Error with a timeout
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch failure.Code {
		case "25006", // read-only: a standby
			"58030": // I/O error
			return true
		}
		switch failure.Code[:min(len(failure.Code), 2)] {
		case "08", // connection exceptions
			"53": // too many connections, disk full, out of memory
			return true
		}
		return strings.HasPrefix(failure.Code, "57P") // shutdown, crash, start, idle timeout
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) ||
		strings.HasSuffix(err.Error(), "sql: database is closed") // an error that database/sql does not export
}
