// Package store is the data layer: models, statements and transactions. A statement is constant
// text with $1 arguments, whole where it is declared; only the LIMIT of a list is appended (see
// readPage). An error that a client may see is an apperror.Error; every other error is unexpected,
// and wrapped with what failed.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// A Store is a process's connection pool, and the methods that read and write through it. It is
// safe for concurrent use.
type Store struct {
	db *bun.DB

	// hotReads reads lists and single items. Their statements are cached: PostgreSQL plans each
	// once per connection. Nothing else may use it and nothing in it writes, so that it can later
	// lead to a replica.
	hotReads reader
	// hotPrimary runs cached statements that need the primary: reactions, and a list that must not
	// be outdated.
	hotPrimary writer
	// primary runs every other statement: writes, sessions, credentials, roles and idempotency
	// keys.
	primary writer

	postReactions, commentReactions *merger
}

// Open returns a store with a pool of at most this many connections. It opens none before the first
// query.
//
// The URL may name several hosts with target_session_attrs=read-write. Behind a PgBouncer that
// pools transactions it must set default_query_exec_mode=exec, which turns the caching of
// statements off.
func Open(url, application string, connections int) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil { // err may contain the password
		return nil, fmt.Errorf("DATABASE_URL cannot be read; write it as postgres://user:password@host:5432/database")
	}
	var cached []any
	if !strings.Contains(url, "default_query_exec_mode") {
		// Only hot statements are cached. The others run rarely, and are planned for their
		// arguments.
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		cached = []any{pgx.QueryExecModeCacheStatement}
	}
	config.RuntimeParams["application_name"] = "minifb " + application
	config.RuntimeParams["standard_conforming_strings"] = "on" // bun's migrator relies on it
	config.RuntimeParams["timezone"] = "UTC"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	pool := stdlib.OpenDB(*config, replaceDeadConnections()...)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	return newStore(pool, cached), nil
}

// newStore returns a store on the pool. The options make pgx cache a statement.
func newStore(pool *sql.DB, cached []any) *Store {
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	s := &Store{
		db:         db,
		hotReads:   reader{pool, db, cached},
		hotPrimary: writer{reader{pool, db, cached}},
		primary:    writer{reader{pool, db, nil}},
	}
	s.postReactions = newMerger(s.react(reactToPost), errNoPost)
	s.commentReactions = newMerger(s.react(reactToComment), errNoComment)
	return s
}

// Close closes every connection.
func (s *Store) Close() error { return s.db.Close() }

// A transaction runs statements on one connection; hot runs those that are cached.
type transaction struct {
	writer
	hot reader
}

// inTx runs f in a transaction with PostgreSQL's default isolation, read committed. The transaction
// is rolled back if f returns an error or panics.
func (s *Store) inTx(ctx context.Context, f func(context.Context, transaction) error) error {
	return s.db.RunInTx(ctx, &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
		return f(ctx, transaction{writer{reader{tx.Tx, s.db, nil}}, reader{tx.Tx, s.db, s.hotPrimary.options}})
	})
}
