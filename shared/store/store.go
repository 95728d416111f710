// Package store is the data layer: models, statements and transactions. Each statement is constant
// SQL text with $1 placeholders; the only text that is appended is the LIMIT of a list (see
// readPage). Errors that a client may see are of type apperror.Error; all others are wrapped.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"go.opentelemetry.io/otel/trace"
)

// A Store reads and writes through a process's connection pool. It is safe for concurrent use.
type Store struct {
	db    *bun.DB
	begin bun.IDB // begins transactions: db, or the transaction of a rehearsal
	turns *turns

	// hotReads runs the statements that read lists and single items. They are cached: PostgreSQL
	// plans each once per connection. None of them writes, so they may run on a replica (see ReadFrom).
	hotReads reader
	// hotPrimary runs cached statements on the primary: reactions, new posts and comments with their
	// idempotency keys, the list of sessions, and what the back office counts and shows.
	hotPrimary writer
	// primary runs all other statements on the primary: other writes, sessions, credentials and roles.
	primary writer

	knownForms                      atomic.Pointer[forms] // nil until they are needed
	postReactions, commentReactions *merger
	newest                          *feedSharer
	lastNewest                      lastPage
	hiddenPosts                     hiddenRuns
}

// An Option changes how a store connects.
type Option func(*pgx.ConnConfig)

// Traced makes a span for each statement that runs in a trace. The span has the statement's text, which
// is constant, and none of its arguments. If the provider is nil, Traced does nothing.
func Traced(provider trace.TracerProvider) Option {
	return func(c *pgx.ConnConfig) {
		if provider != nil {
			c.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(provider),
				otelpgx.WithDisableConnectionDetailsInAttributes())
		}
	}
}

// WithTracer shows every statement to a tracer, for tests.
func WithTracer(tracer pgx.QueryTracer) Option {
	return func(c *pgx.ConnConfig) { c.Tracer = tracer }
}

// Open returns a store with a pool of at most this many connections. It opens none before the first
// query.
//
// The URL may name several hosts with target_session_attrs=read-write. Behind a PgBouncer that
// pools transactions it must set default_query_exec_mode=exec, which turns the caching of
// statements off. Then no cancel request is sent for a statement whose context ends, either: its
// connection is only closed.
func Open(url, application string, connections int, options ...Option) (*Store, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	var cached []any
	pooled := strings.Contains(url, "default_query_exec_mode")
	if !pooled {
		// Only hot statements are cached. The others run rarely, and are planned for their
		// arguments.
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		cached = []any{pgx.QueryExecModeCacheStatement}
		// Both cost these statements, which read or change a few rows each, more than they save. Behind a
		// PgBouncer they cannot be set here.
		config.RuntimeParams["enable_memoize"] = "off"
		config.RuntimeParams["jit"] = "off"
	}
	config.RuntimeParams["application_name"] = "minifb " + application
	config.RuntimeParams["standard_conforming_strings"] = "on" // bun's migrator relies on it
	config.RuntimeParams["timezone"] = "UTC"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	for _, option := range options {
		option(config)
	}
	pool := openPool(*config, pooled)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	return newStore(pool, cached), nil
}

// newStore returns a store on the pool. cached holds the options that make pgx cache a statement.
func newStore(pool *sql.DB, cached []any) *Store {
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	t := newTurns(pool.Stats().MaxOpenConnections)
	return newStoreOn(pool, db, db, t, cached)
}

// newStoreOn returns a store whose statements run on the queryer, and whose transactions begin sees.
func newStoreOn(on queryer, db *bun.DB, begin bun.IDB, t *turns, cached []any) *Store {
	plain := reader{turns: t, queryer: on, models: db}
	plain.pool, _ = on.(*sql.DB)
	hot := plain
	hot.options = cached
	s := &Store{
		db: db, begin: begin, turns: t, hotReads: hot, hotPrimary: writer{hot}, primary: writer{plain},
	}
	s.postReactions = newMerger(s.reactToPost, errNoPost)
	s.commentReactions = newMerger(s.reactToComment, errNoComment)
	s.newest = newFeedSharer(s.readNewest)
	return s
}

// Pool returns the state of the connection pool.
func (s *Store) Pool() sql.DBStats {
	stats := s.db.Stats()
	stats.WaitCount += s.turns.waits.Load()
	stats.WaitDuration += time.Duration(s.turns.waited.Load())
	return stats
}

// Close closes every connection.
func (s *Store) Close() error { return errors.Join(s.hotReads.replica.Close(), s.db.Close()) }

// A transaction runs statements on one connection; hot runs cached ones.
type transaction struct {
	writer
	hot writer
}

// inTx runs f in a transaction with PostgreSQL's default isolation, read committed. The transaction
// is rolled back if f returns an error or panics.
func (s *Store) inTx(ctx context.Context, f func(context.Context, transaction) error) error {
	if err := s.turns.take(ctx); err != nil {
		return err
	}
	defer s.turns.leave()
	return s.begin.RunInTx(ctx, &sql.TxOptions{}, func(_ context.Context, tx bun.Tx) error {
		plain := reader{queryer: tx.Tx, models: s.db}
		hot := plain
		hot.options = s.hotPrimary.options
		return f(ctx, transaction{writer{plain}, writer{hot}})
	})
}

// rehearse begins a transaction and returns a store that runs everything in it.
func (s *Store) rehearse(ctx context.Context) (bun.Tx, *Store, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return tx, nil, err
	}
	return tx, newStoreOn(tx.Tx, s.db, tx, nil, s.hotPrimary.options), nil
}
