package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/uptrace/bun"
)

// A queryer is a pool, a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

// A reader runs statements that return rows.
type reader struct {
	turns   *turns // of the pool; nil if the queryer is a connection or a transaction
	queryer queryer
	pool    *sql.DB   // the queryer, if it is a pool
	conn    *sql.Conn // the queryer, if it is a connection
	models  *bun.DB   // maps rows to models
	options []any     // pgx's; they precede the arguments
	replica *replica  // of hot reads; may be nil
}

// on returns a reader on a connection, which the caller has taken from the pool.
func (r reader) on(conn *sql.Conn) reader {
	return reader{queryer: conn, conn: conn, models: r.models, options: r.options}
}

// all reads every row into dest, a pointer to a slice.
func (r reader) all(ctx context.Context, dest any, statement string, args ...any) error {
	return r.nearest(ctx, func(ctx context.Context, r reader) error { return r.scanAll(ctx, dest, statement, args) })
}

func (r reader) scanAll(ctx context.Context, dest any, statement string, args []any) error {
	if err := r.turns.take(ctx); err != nil {
		return err
	}
	defer r.turns.leave()
	rows, err := r.query(ctx, statement, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := r.models.ScanRows(ctx, rows, dest); err != nil {
		return err
	}
	return rows.Err()
}

// one reads the first row into dest, a pointer to a model or to a value. Without a row it returns
// sql.ErrNoRows.
func (r reader) one(ctx context.Context, dest any, statement string, args ...any) error {
	return r.nearest(ctx, func(ctx context.Context, r reader) error { return r.scanOne(ctx, dest, statement, args) })
}

func (r reader) scanOne(ctx context.Context, dest any, statement string, args []any) error {
	if err := r.turns.take(ctx); err != nil {
		return err
	}
	defer r.turns.leave()
	rows, err := r.query(ctx, statement, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.models.ScanRow(ctx, rows, dest); err != nil {
		return err
	}
	return rows.Close() // a statement may fail after its first row
}

func (r reader) query(ctx context.Context, statement string, args []any) (*sql.Rows, error) {
	return r.queryer.QueryContext(ctx, statement, r.withOptions(args)...)
}

func (r reader) withOptions(args []any) []any { return slices.Concat(r.options, args) }

// A writer also runs statements that return no rows.
type writer struct{ reader }

// exec runs a statement and returns how many rows it changed.
func (w writer) exec(ctx context.Context, statement string, args ...any) (changed int64, err error) {
	if err := w.turns.take(ctx); err != nil {
		return 0, err
	}
	defer w.turns.leave()
	result, err := w.queryer.ExecContext(ctx, statement, w.withOptions(args)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
