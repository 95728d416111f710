package store

import (
	"context"
	"crypto/tls"
	"database/sql"
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
	// trusted is how long after its last use a connection counts as alive if its socket shows no
	// sign of the contrary.
	trusted = time.Second
	// pingTimeout bounds the ping of a connection. While a process is frozen, a router or firewall
	// may drop the connection's state, and then no reply ever comes.
	pingTimeout = time.Second
)

// openPool returns a pool of connections with this configuration. pooled says that they are to a PgBouncer.
func openPool(config pgx.ConnConfig, pooled bool) *sql.DB {
	if pooled {
		config.DialFunc = dialToConnect(config.DialFunc)
	}
	connector := stdlib.GetConnector(config, replaceDeadConnections()...)
	if pooled {
		connector = markingConnector{connector}
	}
	return sql.OpenDB(connector)
}

// connecting is the key of a context in which a connection is made.
type connecting struct{}

// A markingConnector makes connections with a marked context.
type markingConnector struct{ driver.Connector }

func (c markingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	return c.Connector.Connect(context.WithValue(ctx, connecting{}, true))
}

var errNoCancel = errors.New("no cancel request is sent to a PgBouncer")

// dialToConnect returns a function that dials only if the context is marked. pgx dials, too, to send a cancel request
// for a statement whose context ends, and has no setting for that. Debian 12's PgBouncer may die of one whose client
// goes early.
func dialToConnect(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(connecting{}) == nil {
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
}

// replaceDeadConnections returns options that make database/sql replace a dead connection before it
// is used, so that no statement is sent on one.
func replaceDeadConnections() []stdlib.OptionOpenDB {
	// pgx's own rule for pings uses a clock that may stop while the process is frozen.
	never := func(context.Context, stdlib.ShouldPingParams) bool { return false }
	return []stdlib.OptionOpenDB{stdlib.OptionShouldPing(never), stdlib.OptionResetSession(checkConnection)}
}

// lastUse is the key of a connection's last use among its custom data.
const lastUse = "minifb last use"

// checkConnection returns driver.ErrBadConn if the connection is dead.
func checkConnection(ctx context.Context, c *pgx.Conn) error {
	conn := c.PgConn()
	now := time.Now()
	last, _ := conn.CustomData()[lastUse].(time.Time)
	conn.CustomData()[lastUse] = now
	quiet, err := isQuiet(conn)
	if err != nil {
		return driver.ErrBadConn
	}
	// Both clocks are compared: the monotonic one may stop while a process is frozen. Round
	// strips it.
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

// isQuiet reports, without waiting, whether the socket holds nothing to read. An idle connection
// has something to read when the server says why it closes it.
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
