package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsOutage tells a database that is out of reach, starting, stopping, full or read-only from a query that failed.
// The caller may try again later; nothing of what it asked for is known to be done.
func IsOutage(err error) bool {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		switch answer.Code {
		case "57P01", "57P02", "57P03", // shutting down, crashed, starting
			"53300", "53400", // too many connections, a limit of the configuration
			"53100", "53200", // disk full, out of memory
			"25006": // a standby: read-only
			return true
		}
		return strings.HasPrefix(answer.Code, "08") // connection exceptions
	}
	var refused *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &refused) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		// database/sql keeps these two to itself.
		strings.HasSuffix(err.Error(), "sql: database is closed") || strings.Contains(err.Error(), "conn closed")
}
