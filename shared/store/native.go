package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// A nativeModel is the model of a hot list. pgx reads its rows without database/sql and bun, which would make a value
// on the heap of each column first: of the processor time of a page of the feed, that was a fifth.
type nativeModel interface {
	// columns returns where to store each column of the model's statements, in their order.
	columns() []any
}

// list returns every row of a statement, which are this many at most. The rows of a nativeModel are read
// natively, except in a transaction.
func list[T any](ctx context.Context, r reader, most int, statement string, args ...any) (items []T, err error) {
	err = r.nearest(ctx, func(ctx context.Context, r reader) error {
		items = nil
		var item T
		model, ok := any(&item).(nativeModel)
		if !ok || r.pool == nil && r.conn == nil {
			return r.scanAll(ctx, &items, statement, args)
		}
		return r.native(ctx, statement, args, model.columns(), func() {
			if items == nil {
				items = make([]T, 0, most)
			}
			items = append(items, item)
		})
	})
	return items, err
}

// native stores the columns of each row, and calls next.
func (r reader) native(ctx context.Context, statement string, args, columns []any, next func()) error {
	if err := r.turns.take(ctx); err != nil {
		return err
	}
	defer r.turns.leave()
	args = r.withOptions(args)
	read := func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, statement, args...)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, columns, func() error {
			next()
			return nil
		})
		return err
	}
	if r.conn != nil {
		return raw(r.conn, read)
	}
	return onConnection(ctx, r.pool, read)
}

// onConnection calls f with a connection of the pool. As database/sql does, it tries again with another one if f fails
// before its connection has sent anything.
func onConnection(ctx context.Context, pool *sql.DB, f func(*pgx.Conn) error) error {
	const tries = 3
	for try := 1; ; try++ {
		err := lend(ctx, pool, f)
		if !errors.Is(err, driver.ErrBadConn) || try == tries {
			return err
		}
	}
}

func lend(ctx context.Context, pool *sql.DB, f func(*pgx.Conn) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // returns it to the pool
	return raw(conn, f)
}

// raw calls f with pgx's connection.
func raw(conn *sql.Conn, f func(*pgx.Conn) error) error {
	return conn.Raw(func(driverConn any) error {
		err := f(driverConn.(*stdlib.Conn).Conn())
		if pgconn.SafeToRetry(err) {
			return driver.ErrBadConn
		}
		return err
	})
}
