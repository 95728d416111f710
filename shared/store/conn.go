package store

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// trusted is how long after its last use a connection is taken for good once the socket shows nothing to the contrary.
	trusted = time.Second
	// pingTimeout is how long a connection may take to prove itself. A frozen process's may be forgotten by what lies between, and
	// then nobody ever answers.
	pingTimeout = time.Second
)

// checkConnections makes database/sql replace a connection that has gone stale before it is used, so that neither a read nor
// a write is ever tried on one.
func checkConnections() []stdlib.OptionOpenDB {
	never := func(context.Context, stdlib.ShouldPingParams) bool { return false } // its idea of time misses a freeze
	return []stdlib.OptionOpenDB{stdlib.OptionShouldPing(never), stdlib.OptionResetSession(check)}
}

const lastUse = "minifb last use"

// check answers ErrBadConn for a connection that is not to be used.
func check(ctx context.Context, c *pgx.Conn) error {
	conn := c.PgConn()
	now := time.Now()
	last, _ := conn.CustomData()[lastUse].(time.Time)
	conn.CustomData()[lastUse] = now
	quiet, err := isQuiet(conn)
	if err != nil {
		return driver.ErrBadConn
	}
	// Round strips the clock that stands still while a machine is frozen.
	if quiet && now.Sub(last) < trusted && now.Round(0).Sub(last.Round(0)).Abs() < trusted {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		return driver.ErrBadConn
	}
	return nil
}

var errClosed = errors.New("the server has closed the connection")

// isQuiet looks at the socket, without waiting, whether the server has sent anything unasked, such as its farewell.
func isQuiet(conn *pgconn.PgConn) (quiet bool, err error) {
	var socket net.Conn = conn.Conn()
	if secured, ok := socket.(*tls.Conn); ok {
		socket = secured.NetConn()
	}
	system, ok := socket.(syscall.Conn)
	if !ok {
		return false, nil
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return false, err
	}
	var n int
	var failure error
	err = raw.Control(func(fd uintptr) {
		var next [1]byte
		n, _, failure = syscall.Recvfrom(int(fd), next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	switch {
	case err != nil:
		return false, err
	case errors.Is(failure, syscall.EAGAIN), errors.Is(failure, syscall.EINTR):
		return true, nil
	case failure != nil:
		return false, failure
	case n == 0:
		return false, errClosed
	}
	return false, nil
}
