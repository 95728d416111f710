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

// An Outage says why the database failed, where it was not because of a statement. The caller may
// try again later.
type Outage int

// The outages.
const (
	NoOutage    Outage = iota // the error has another cause
	Unreachable               // the database cannot be reached; nothing was stored
	NoWrites                  // it is full, out of memory or read-only; nothing was stored
	Lost                      // the connection broke; a write may have been stored, or not
)

// IsOutage reports whether err means that the database is unreachable, starting, stopping, full or
// read-only, rather than that a query failed. A query that was cancelled by its own context is not
// an outage; a connection that could not be made in time is one.
func IsOutage(err error) bool { return OutageOf(err) != NoOutage }

// OutageOf returns which outage err is; NoOutage if it is none.
func OutageOf(err error) Outage {
	if err == nil || errors.Is(err, context.Canceled) {
		return NoOutage
	}
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused {
		return Unreachable // also for a wrong password or a missing database, which no client can correct
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return NoOutage // although it is a net.Error with a timeout
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return reported(failure.Code)
	}
	var network net.Error
	switch {
	case pgconn.SafeToRetry(err), errors.Is(err, driver.ErrBadConn), errors.Is(err, pgconn.ErrConnClosed),
		strings.HasSuffix(err.Error(), "sql: database is closed"): // an error that database/sql does not export
		return Unreachable // nothing was sent
	case errors.As(err, &network), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return Lost
	}
	return NoOutage
}

// reported returns the outage that PostgreSQL reports by a code. An error without a lost connection
// rolls the transaction back.
func reported(code string) Outage {
	switch {
	case code == "25006", code == "58030", // read-only, as a standby is; an I/O error
		strings.HasPrefix(code, "53"): // disk full, out of memory
		return NoWrites
	case code == "57P03": // starting or stopping
		return Unreachable
	case strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "08"): // the session was ended, perhaps after a commit
		return Lost
	}
	return NoOutage
}
